// Checkpoints of any model of the catalog give back that model, and the bytes of each of its tensors.
#include <sstream>

#include "catch.hpp"
#include "hf_writer.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"

using namespace qwenfit;
using nlohmann::json;

namespace {

const catalog::Catalog& all() {
  return catalog::Catalog::builtin();
}

std::shared_ptr<const input::LocalModel> read(const json& config, const std::string& header,
                                              const std::string& folder) {
  std::istringstream in(header);
  input::ModelFile file = input::read_safetensors(in, static_cast<Bytes>(header.size()), "x.safetensors");
  file.config = config.dump();
  file.config_path = folder + "/config.json";
  file.file_bytes = static_cast<Bytes>(header.size());
  return input::model_of(all(), folder + "/config.json", std::move(file));
}

}  // namespace

TEST_CASE("checkpoints: files weigh what their format's rule gives") {
  int checked = 0;
  for (const catalog::Model* model : all().models()) {
    using catalog::Arch;
    // Reward heads are one entry of four tensors; Flash-Next is weighed by rule.
    if (model->arch == Arch::unknown || model->arch == Arch::qwen4_exp || model->geometry.score_outputs > 0)
      continue;
    // Headers of mixtures list every expert: one large one will do.
    const auto& moe = model->geometry.moe;
    if (moe && moe->experts * model->geometry.layers > 2000 && model->id != "qwen3-30b-a3b") continue;
    for (const char* id : {"bf16", "fp8", "gptq-int4", "awq-int4", "mlx-4bit"}) {
      INFO(model->id << " in " << id);
      format::Weights weights;
      try {
        weights = format::quantize(all(), *model, *all().format(id));
      } catch (const Error&) {  // groups that do not divide
        continue;
      }
      json config = tools::hf_config(*model);
      if (std::string_view(id) == "gptq-int4")
        config["quantization_config"] = {{"quant_method", "gptq"}, {"bits", 4}};
      if (std::string_view(id) == "awq-int4")
        config["quantization_config"] = {{"quant_method", "awq"}, {"bits", 4}};
      if (std::string_view(id) == "mlx-4bit") config["quantization"] = {{"bits", 4}, {"group_size", 64}};
      if (std::string_view(id) == "fp8")
        config["quantization_config"] = {{"quant_method", "fp8"}, {"weight_block_size", {128, 128}}};
      const auto local = read(config, tools::hf_header(weights), std::string(model->name));
      CHECK(local->model.id == model->id);
      CHECK(local->format.id == id);
      REQUIRE(local->weights);
      CHECK(local->weights->total() == weights.total());
      CHECK(local->weights->stored_copies() == weights.stored_copies());
      for (const auto part : {model::Part::text, model::Part::mtp, model::Part::vision, model::Part::audio})
        CHECK(local->weights->part_bytes(part) == weights.part_bytes(part));
      // Some tools drop the block that predicts further tokens.
      const bool dropped = model->geometry.mtp_layers > 0 && weights.part_bytes(model::Part::mtp) == 0;
      REQUIRE(local->differences.size() == (dropped ? 1 : 0));
      if (dropped) CHECK_THAT(local->differences.front(), ContainsText("MTP block"));
      ++checked;
    }
  }
  CHECK(checked > 150);
}

TEST_CASE("checkpoints: what is missing and what is too much") {
  const catalog::Model& hybrid = *all().model("qwen3.5-4b");
  format::Weights weights = format::quantize(all(), hybrid, *all().format("bf16"));
  std::erase_if(weights.tensors, [](const auto& t) {
    return t.tensor.part == model::Part::mtp || t.tensor.part == model::Part::vision;
  });
  const auto tune = read(tools::hf_config(hybrid), tools::hf_header(weights), "Qwen3.5-4B");
  CHECK(tune->model.geometry.mtp_layers == 0);
  CHECK_FALSE(tune->model.geometry.vision);
  REQUIRE(tune->differences.size() >= 1);
  CHECK_THAT(tune->differences[0], ContainsText("vision tower is not in the files"));

  const catalog::Model& dense = *all().model("qwen3-8b");
  weights = format::quantize(all(), dense, *all().format("bf16"));
  weights.tensors.erase(weights.tensors.begin() + 2);
  CHECK_THROWS_WITH(read(tools::hf_config(dense), tools::hf_header(weights), "x"),
                    ContainsText("lacks self_attn.q_proj of layer 0 of x"));
  weights = format::quantize(all(), dense, *all().format("bf16"));
  weights.tensors[2].tensor.rows *= 2;
  weights.tensors[2].bytes *= 2;
  CHECK_THROWS_WITH(read(tools::hf_config(dense), tools::hf_header(weights), "x"),
                    ContainsText("where its configuration implies"));
}
