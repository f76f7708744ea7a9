// Every cell of llama-quantize's own dry run, to the byte.
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/format.hpp"

using namespace qwenfit;

namespace {

/// Tensor bytes, -1 when refused.
Bytes quantized_bytes(std::string_view model, std::string_view format, const format::RecipeOptions& options) {
  const catalog::Catalog& catalog = catalog::Catalog::builtin();
  REQUIRE(catalog.model(model) != nullptr);
  REQUIRE(catalog.format(format) != nullptr);
  try {
    return format::quantize(catalog, *catalog.model(model), *catalog.format(format), options).total();
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::unsupported);
    return -1;
  }
}

}  // namespace

TEST_CASE("tensor bytes of every model and file type equal llama-quantize's") {
  std::ifstream file(QWENFIT_SOURCE_DIR "/tests/data/gguf_sizes.json");
  const nlohmann::json data = nlohmann::json::parse(file);
  int cells = 0;
  for (const auto& group : data["groups"]) {
    format::RecipeOptions options;
    options.imatrix = group["imatrix"];
    options.legacy_qkv = group["legacy_qkv"];
    options.with_mtp = group["with_mtp"];
    options.gguf = true;
    int equal = 0;
    int total = 0;
    for (const auto& [model, bytes] : group["bytes"].items()) {
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] == 0) continue;
        const std::string format = data["formats"][i];
        const Bytes ours = quantized_bytes(model, format, options);
        INFO(model << " " << format << ": " << ours << ", llama-quantize " << bytes[i]);
        CHECK(ours == bytes[i].get<Bytes>());
        equal += ours == bytes[i].get<Bytes>() ? 1 : 0;
        ++total;
      }
    }
    fmt::print("imatrix {:5} legacy_qkv {:5} with_mtp {:5}: {}/{} equal\n", options.imatrix,
               options.legacy_qkv, options.with_mtp, equal, total);
    cells += total;
  }
  CHECK(cells > 1700);
}
