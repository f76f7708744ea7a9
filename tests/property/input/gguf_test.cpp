// A GGUF file of any model of the catalog gives back that model, its types and its bytes.
#include <sstream>

#include "catch.hpp"
#include "gguf_header.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"
#include "qwenfit/model.hpp"

using namespace qwenfit;
using model::Part;

namespace {

const catalog::Catalog& all() {
  return catalog::Catalog::builtin();
}

std::shared_ptr<const input::LocalModel> read(const tools::GgufHeader& header, const std::string& path) {
  std::istringstream in(header.bytes);
  const auto size = static_cast<Bytes>(header.bytes.size());
  input::ModelFile file = input::read_gguf(all(), in, size, path);
  file.files = {path};
  file.file_bytes = size;
  return input::model_of(all(), path, std::move(file));
}

/// Nothing where llama.cpp has no keys or no such file of the model.
std::optional<format::Weights> make(const catalog::Model& model, std::string_view format, bool mtp) {
  format::RecipeOptions recipe;
  recipe.gguf = true;
  recipe.with_mtp = mtp;
  try {
    return format::quantize(all(), model, *all().format(format), recipe);
  } catch (const Error&) {
    return std::nullopt;
  }
}

template <class F>
void for_each_file(F&& check) {
  for (const catalog::Model* model : all().models()) {
    if (model->arch == catalog::Arch::unknown) continue;
    if (model->geometry.score_outputs > 0) continue;  // llama.cpp converts no reward models
    for (const char* format : {"q4_k_m", "iq2_xs", "q8_0", "bf16"}) {
      // The converter leaves the block of Flash-Next out.
      const bool mtp = model->geometry.mtp_layers > 0 && model->arch != catalog::Arch::qwen4_exp;
      if (const auto weights = make(*model, format, mtp)) {
        INFO(model->id << " in " << format);
        check(*model, *weights);
      }
    }
  }
}

}  // namespace

TEST_CASE("GGUF: the model, its format, types and bytes come back from the header") {
  int files = 0;
  for_each_file([&](const catalog::Model& model, const format::Weights& weights) {
    const auto local = read(tools::gguf_header(weights), "some/file.gguf");
    CHECK(local->model.id == model.id);
    CHECK(local->like == &model);
    CHECK(local->format.id == weights.format->id);
    CHECK(local->format.name == weights.format->name);
    CHECK(local->differences.size() == (model.arch == catalog::Arch::qwen4_exp ? 1 : 0));
    const model::ParameterCount there =
        model::count_parameters(model::build_inventory(local->model, model::Layout::gguf));
    catalog::Model held = model;
    if (model.arch == catalog::Arch::qwen4_exp) held.geometry.mtp_layers = 0;
    const model::ParameterCount here =
        model::count_parameters(model::build_inventory(held, model::Layout::gguf));
    CHECK(there.total == here.total);
    CHECK(there.active == here.active);
    REQUIRE(local->weights);
    CHECK(local->weights->total() == weights.total());
    CHECK(local->weights->layers == weights.layers);
    REQUIRE(local->weights->tensors.size() == weights.tensors.size());
    ++files;
  });
  CHECK(files > 300);
}

TEST_CASE("GGUF: a name that nobody knows is a model of its own with the same shape") {
  for_each_file([](const catalog::Model& model, const format::Weights& weights) {
    catalog::Model own = model;
    own.name = "Somebody's 1";
    format::Weights renamed = weights;
    renamed.model = &own;
    const auto local = read(tools::gguf_header(renamed), "x.gguf");
    CHECK(local->model.id == "somebody-s-1");
    REQUIRE(local->like);
    CHECK(local->like->geometry.hidden_size == model.geometry.hidden_size);
    CHECK(local->weights->total() == weights.total());
  });
}

TEST_CASE("GGUF: a missing MTP block, another embedding, a stored head are told") {
  const catalog::Model& hybrid = *all().model("qwen3.5-27b");
  const auto plain = read(tools::gguf_header(*make(hybrid, "q4_k_m", false)), "x.gguf");
  CHECK(plain->model.id == "qwen3.5-27b");
  CHECK(plain->model.geometry.mtp_layers == 0);
  REQUIRE(plain->differences.size() == 1);
  CHECK_THAT(plain->differences[0], ContainsText("MTP block of Qwen3.5-27B is not in the file"));

  format::Weights mixed = *make(*all().model("qwen3-8b"), "q4_k_m", false);
  for (format::TypedTensor& t : mixed.tensors) {
    if (t.tensor.role != model::Role::token_embedding) continue;
    t.type = all().dtype("q8_0");
    t.bytes = format::tensor_bytes(*t.type, t.tensor.rows, t.tensor.cols);
  }
  const auto own = read(tools::gguf_header(mixed), "x.gguf");
  CHECK(own->format.id == "q4_k_m");
  CHECK(own->format.name == "Q4_K_M with Q8_0 embeddings");
  CHECK(own->weights->total() == mixed.total());
  CHECK_THAT(own->notes[0], ContainsText("Q4_K_M with Q8_0 embeddings, read from x.gguf"));

  format::Weights headed = *make(*all().model("qwen3-0.6b"), "q8_0", false);
  format::TypedTensor head = headed.tensors.front();
  REQUIRE(head.tensor.role == model::Role::token_embedding);
  head.tensor.role = model::Role::output;
  headed.tensors.push_back(head);
  const auto stored = read(tools::gguf_header(headed), "x.gguf");
  REQUIRE(stored->differences.size() == 1);
  CHECK_THAT(stored->differences[0], ContainsText("tied head"));
  CHECK(stored->weights->total() == headed.total());
}

TEST_CASE("GGUF: fused experts weigh what the two matrices do") {
  const catalog::Model& model = *all().model("qwen3-30b-a3b");
  const format::Weights whole = *make(model, "q4_k_m", false);
  const auto plain = read(tools::gguf_header(whole), "x.gguf");
  // As convert_hf_to_gguf.py --fuse-gate-up-exps names them.
  std::istringstream in(tools::gguf_header(whole).bytes);
  input::ModelFile file = input::read_gguf(all(), in, static_cast<Bytes>(in.str().size()), "x.gguf");
  file.files = {"x.gguf"};
  for (input::FileTensor& t : file.tensors) {
    const auto at = t.name.find("ffn_gate_exps");
    if (at == std::string::npos) continue;
    t.name.replace(at, 13, "ffn_gate_up_exps");
    t.shape[1] *= 2;
    t.elements *= 2;
    t.bytes *= 2;
  }
  std::erase_if(file.tensors, [](const auto& t) { return t.name.find("ffn_up_exps") != std::string::npos; });
  const auto fused = input::model_of(all(), "x.gguf", std::move(file));
  CHECK(fused->weights->total() == plain->weights->total());
  CHECK(fused->differences == plain->differences);
}

TEST_CASE("GGUF: tensors that contradict the header are refused") {
  const auto says = [](format::Weights weights) -> std::string {
    try {
      (void)read(tools::gguf_header(weights), "x.gguf");
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  const format::Weights whole = *make(*all().model("qwen3-0.6b"), "q8_0", false);
  format::Weights short_of = whole;
  short_of.tensors.erase(short_of.tensors.begin() + 3);
  CHECK_THAT(says(short_of), ContainsText("lacks the tensor 'blk.0.attn_k.weight' of Qwen3-0.6B"));
  format::Weights narrow = whole;
  narrow.tensors[3].tensor.rows /= 2;
  narrow.tensors[3].bytes /= 2;
  CHECK_THAT(says(narrow), ContainsText("values where its header implies"));
  format::Weights empty = whole;
  empty.tensors.clear();
  CHECK_THAT(says(empty), ContainsText("no token_embd.weight"));
}

TEST_CASE("GGUF: a file with the MTP block alone is no model") {
  const catalog::Model& hybrid = *all().model("qwen3.5-27b");
  format::Weights draft = *make(hybrid, "bf16", true);
  std::erase_if(draft.tensors, [](const format::TypedTensor& t) {
    return t.tensor.part == Part::text && t.tensor.layer >= 0;
  });
  CHECK_THROWS_WITH(read(tools::gguf_header(draft), "mtp.gguf"), ContainsText("holds the MTP block alone"));
}
