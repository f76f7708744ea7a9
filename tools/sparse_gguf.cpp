// sparse-gguf MODEL FORMAT FILE [--no-mtp]: a GGUF file of a model's shape whose tensors are a hole.
// llama.cpp loads it without allocating and reports its buffers (scripts/check_llamacpp.py).
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "gguf_header.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/format.hpp"

using namespace qwenfit;

namespace {

void write(const std::string& path, const std::string& name, const std::string& format_name, bool mtp) {
  const catalog::Catalog& catalog = catalog::Catalog::builtin();
  const catalog::Model& m = *catalog.find_model(name).model;
  format::RecipeOptions options;
  options.gguf = true;
  options.with_mtp = mtp && m.geometry.mtp_layers > 0;
  const tools::GgufHeader header =
      tools::gguf_header(format::quantize(catalog, m, catalog.find_format(format_name), options));
  std::ofstream out(path, std::ios::binary);
  out << header.bytes;
  out.close();
  if (!out) throw Error(ErrorCode::io, fmt::format("can't write {}", path));
  std::filesystem::resize_file(path, header.bytes.size() + static_cast<std::uintmax_t>(header.data));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: sparse-gguf MODEL FORMAT FILE [--no-mtp]\n");
    return 2;
  }
  try {
    write(argv[3], argv[1], argv[2], argc == 4);
  } catch (const std::exception& e) {
    fmt::print(stderr, "sparse-gguf: {}\n", e.what());
    return 2;
  }
  return 0;
}
