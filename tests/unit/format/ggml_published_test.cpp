// GGUF files that publishers mix themselves.
#include <cstdlib>

#include "catch.hpp"
#include "qwenfit/estimate.hpp"
#include "qwenfit/format.hpp"

using namespace qwenfit;
using format::RecipeOptions;

namespace {

format::Weights make(std::string_view model, std::string_view format, RecipeOptions options = {}) {
  const catalog::Catalog& catalog = catalog::Catalog::builtin();
  REQUIRE(catalog.model(model) != nullptr);
  REQUIRE(catalog.format(format) != nullptr);
  options.gguf = true;
  return format::quantize(catalog, *catalog.model(model), *catalog.format(format), options);
}

RecipeOptions of(std::string publisher) {
  RecipeOptions options;
  options.publisher = std::move(publisher);
  return options;
}

const catalog::PublishedFile& published(std::string_view id) {
  for (const catalog::PublishedFile* file : catalog::Catalog::builtin().published_files()) {
    if (file->id == id) return *file;
  }
  FAIL("no file " << id);
  throw std::logic_error("unreachable");
}

}  // namespace

TEST_CASE("a published mix has the size of its file, within the rounding of the source") {
  const catalog::PublishedFile& file = published("unsloth.qwen3-14b.ud-q4_k_xl");
  const format::Weights w = make("qwen3-14b", "ud-q4_k_xl");
  REQUIRE(w.file_bytes);
  CHECK_FALSE(w.exact);
  CHECK(std::abs(*w.file_bytes - file.bytes) <= file.rounding + 1000);
  CHECK(w.notes.size() == 1);
}

TEST_CASE("models with the same text part have the same files") {
  CHECK(make("qwen3-vl-8b-instruct", "ud-q4_k_xl").total() == make("qwen3-8b", "ud-q4_k_xl").total());
  CHECK(make("qwen3-coder-30b-a3b-instruct", "ud-q2_k_xl").total() ==
        make("qwen3-30b-a3b", "ud-q2_k_xl").total());
}

TEST_CASE("a format that was not seen of a known model lies between its neighbours") {
  const Bytes size = make("qwen3-4b", "ud-q3_k_m").total();
  CHECK(size > make("qwen3-4b", "ud-q2_k_xl").total());
  CHECK(size < make("qwen3-4b", "ud-q4_k_xl").total());
  CHECK(make("qwen3-4b", "ud-q3_k_m").notes[0].find("other files") != std::string::npos);
}

TEST_CASE("a mix of a model without a published file follows the ratio of its kind") {
  const catalog::WeightFormat& mix = *catalog::Catalog::builtin().format("ud-q5_k_xl");
  REQUIRE(mix.ratios.size() == 4);
  const format::Weights w = make("qwen1.5-32b", "ud-q5_k_xl");
  CHECK_FALSE(w.exact);
  CHECK(w.relative_error > 0);
  const auto start = static_cast<double>(make("qwen1.5-32b", mix.recipe).total());
  CHECK(static_cast<double>(w.total()) / start == Approx(mix.ratios[0].ratio).epsilon(1e-6));
}

TEST_CASE("bartowski's large mixes keep embedding and head in Q8_0") {
  const format::Weights w = make("qwen2.5-7b", "q4_k_l");
  for (const format::TypedTensor& t : w.tensors) {
    const bool end = t.tensor.role == model::Role::token_embedding || t.tensor.role == model::Role::output;
    if (end) CHECK(t.type->id == "q8_0");
    else CHECK(t.type->id != "q8_0");
  }
}

TEST_CASE("llama-quantize's names mean llama-quantize's mix, unless the publisher is named") {
  const format::Weights plain = make("qwen3-30b-a3b", "q3_k_m");
  CHECK(plain.exact);
  CHECK(plain.notes.empty());
  const format::Weights own = make("qwen3-30b-a3b", "q3_k_m", of("bartowski"));
  CHECK_FALSE(own.exact);
  CHECK(own.total() < plain.total());
  CHECK(make("qwen3-8b", "q4_k_m", of("bartowski")).exact);
}

TEST_CASE("a head that the checkpoint stores is kept by converters, dropped by some publishers") {
  const Bytes once = make("qwen3-1.7b", "q8_0").total();
  CHECK(make("qwen3-1.7b", "q8_0").notes[0].find("tied head") != std::string::npos);
  CHECK(make("qwen3-1.7b", "q8_0", of("unsloth")).total() == once);
  const Bytes head = 151936LL * 2048 * 34 / 32;
  CHECK(make("qwen3-1.7b", "q8_0", of("lmstudio-community")).total() == once + head);
}

TEST_CASE("files are larger than their tensors by metadata and tokenizer") {
  // unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF, Q8_0: 32,483,935,392 bytes.
  const format::Weights w = make("qwen3-coder-30b-a3b-instruct", "q8_0");
  CHECK(std::abs(*w.file_bytes - 32483935392) < 8000);
  // Qwen/Qwen2.5-Coder-7B-Instruct-GGUF, Q4_0: 4,431,390,720 bytes.
  CHECK(std::abs(*make("qwen2.5-coder-7b", "q4_0").file_bytes - 4431390720) < 8000);
}

TEST_CASE("i1 marks files that were made with an importance matrix") {
  const catalog::Catalog& catalog = catalog::Catalog::builtin();
  CHECK(catalog.find_format("i1-Q4_K_M").id == "q4_k_m");
  CHECK(catalog.find_format("IQ1_S").id == "iq1_s");
  Estimator estimator(catalog);
  const auto bytes = [&](const char* model, const char* format) {
    Scenario s;
    s.model = model;
    s.engine = "llama.cpp";
    if (*format) s.format = format;
    return estimator.estimate(s).weights.bytes;
  };
  // IQ4_XS gives the first layers more without one.
  RecipeOptions matrix;
  matrix.imatrix = true;
  const Bytes with = make("qwen3-8b", "iq4_xs", matrix).total();
  const Bytes without = make("qwen3-8b", "iq4_xs").total();
  CHECK(with < without);
  CHECK(bytes("qwen3-8b", "i1-IQ4_XS") == with);
  CHECK(bytes("Qwen3-8B.i1-IQ4_XS.gguf", "") == with);
  CHECK(bytes("qwen3-8b", "IQ4_XS") == without);
}

TEST_CASE("UD-Q8_K_XL of an unknown model: embedding and head in 16 bit") {
  // Of Qwen3-8B's shape a file is known, of Qwen3.5-9B's none.
  const format::Weights w = make("qwen3.5-9b", "ud-q8_k_xl");
  for (const format::TypedTensor& t : w.tensors) {
    if (t.tensor.role == model::Role::token_embedding || t.tensor.role == model::Role::output)
      CHECK(t.type->id == "bf16");
  }
}
