// sparse-gguf MODEL FORMAT FILE [--no-mtp] [--random]: a GGUF file of a model's shape whose tensors are a
// hole, or random weights. llama.cpp loads the one without allocating and reports its buffers, and runs the
// other (scripts/check_llamacpp.py).
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "gguf_header.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/format.hpp"

using namespace qwenfit;

namespace {

/// Fills `size` bytes with a random block over and over: arithmetic takes as long as on real weights. Read as
/// float, half or bfloat16, every word is a normal number and far from overflow, since what is not finite or
/// denormal may take another time.
void write_random(std::ostream& out, std::int64_t size) {
  std::mt19937 random(1);
  std::string block(std::size_t{1} << 20, '\0');
  for (std::size_t i = 0; i < block.size(); ++i) {
    const auto byte = static_cast<unsigned>(random());
    block[i] = static_cast<char>(i % 2 == 0 ? byte : (byte & 0x81U) | 0x2cU);
  }
  for (std::int64_t left = size; left > 0 && out; left -= std::ssize(block))
    out.write(block.data(), std::min<std::int64_t>(left, std::ssize(block)));
}

void write(const std::string& path, const std::string& name, const std::string& format_name, bool mtp,
           bool random) {
  const catalog::Catalog& catalog = catalog::Catalog::builtin();
  const catalog::Model& m = *catalog.find_model(name).model;
  format::RecipeOptions options;
  options.gguf = true;
  options.with_mtp = mtp && m.geometry.mtp_layers > 0;
  const tools::GgufHeader header =
      tools::gguf_header(format::quantize(catalog, m, catalog.find_format(format_name), options));
  std::ofstream out(path, std::ios::binary);
  out << header.bytes;
  if (random) write_random(out, header.data);
  out.close();
  if (!out) throw Error(ErrorCode::io, fmt::format("can't write {}", path));
  if (random) return;
  std::filesystem::resize_file(path, header.bytes.size() + static_cast<std::uintmax_t>(header.data));
}

}  // namespace

int main(int argc, char** argv) {
  bool usage = argc < 4;
  bool mtp = true;
  bool random = false;
  for (int i = 4; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--no-mtp") mtp = false;
    else if (option == "--random") random = true;
    else usage = true;
  }
  if (usage) {
    fmt::print(stderr, "usage: sparse-gguf MODEL FORMAT FILE [--no-mtp] [--random]\n");
    return 2;
  }
  try {
    write(argv[3], argv[1], argv[2], mtp, random);
  } catch (const std::exception& e) {
    fmt::print(stderr, "sparse-gguf: {}\n", e.what());
    return 2;
  }
  return 0;
}
