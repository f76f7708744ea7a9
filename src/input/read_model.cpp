// A path -> reader, and the files that belong together.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "header_reader.hpp"

namespace qwenfit::input {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr Bytes kLongestJson = 64 * units::kMiB;

std::ifstream open(const fs::path& path, Bytes& size) {
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw Error(ErrorCode::io, fmt::format("{}: is no file", path.string()));
  size = static_cast<Bytes>(fs::file_size(path, error));
  std::ifstream in(path, std::ios::binary);
  if (error || !in) throw Error(ErrorCode::io, fmt::format("{}: can't be opened", path.string()));
  return in;
}

json read_json(const fs::path& path) {
  Bytes size = 0;
  std::ifstream in = open(path, size);
  const std::string name = path.string();
  if (size > kLongestJson) bad(name, "is too large for a JSON file of a model");
  json value = json::parse(HeaderReader(in, size, name).bytes(size, "the file"), nullptr, false);
  if (!value.is_object()) bad(name, "is no JSON object");
  return value;
}

ModelFile read_one(const catalog::Catalog& catalog, const fs::path& path) {
  Bytes size = 0;
  std::ifstream in = open(path, size);
  std::array<char, 4> magic{};
  in.read(magic.data(), magic.size());
  in.clear();
  in.seekg(0);
  const std::string name = path.string();
  ModelFile file = std::string_view(magic.data(), magic.size()) == "GGUF" ? read_gguf(catalog, in, size, name)
                                                                          : read_safetensors(in, size, name);
  file.files = {name};
  file.file_bytes = size;
  return file;
}

void append(ModelFile& all, ModelFile part) {
  if (all.files.empty()) {
    all = std::move(part);
    return;
  }
  all.files.insert(all.files.end(), part.files.begin(), part.files.end());
  all.tensors.insert(all.tensors.end(), part.tensors.begin(), part.tensors.end());
  all.file_bytes += part.file_bytes;
  all.header_only = all.header_only || part.header_only;
}

/// "x-00002-of-00003.gguf": llama.cpp's names of a split (llama_split_path).
ModelFile read_split(const catalog::Catalog& catalog, const fs::path& path) {
  ModelFile first = read_one(catalog, path);
  const std::int64_t count = first.numbers.contains("split.count") ? first.numbers["split.count"] : 1;
  if (first.kind != "GGUF" || count < 2) return first;
  const std::string name = path.string();
  constexpr std::size_t kTail = std::string_view("-00001-of-00002.gguf").size();
  if (count > 99999 || name.size() < kTail || !name.ends_with(fmt::format("-of-{:05}.gguf", count)))
    bad(name, fmt::format("is one of {} files; its name has to end like -00001-of-{:05}.gguf", count, count));
  ModelFile all;
  for (std::int64_t i = 1; i <= count; ++i)
    append(all, read_one(catalog, fmt::format("{}-{:05}-of-{:05}.gguf", name.substr(0, name.size() - kTail),
                                              i, count)));
  return all;
}

ModelFile read_index(const catalog::Catalog& catalog, const fs::path& path) {
  const json index = read_json(path);
  if (!index.contains("weight_map") || !index["weight_map"].is_object())
    bad(path.string(), "is no index of safetensors files: it has no weight_map");
  std::set<std::string> names;
  for (const auto& [tensor, shard] : index["weight_map"].items()) {
    if (!shard.is_string()) bad(path.string(), fmt::format("tensor '{}' names no file", tensor));
    names.insert(shard.get<std::string>());
  }
  ModelFile all;
  all.kind = "safetensors";
  for (const std::string& name : names) {
    if (name.find_first_of("/\\") != std::string::npos)
      bad(path.string(), fmt::format("names the file '{}' outside of its folder", name));
    append(all, read_one(catalog, path.parent_path() / name));
  }
  return all;
}

void add_config(ModelFile& file, const fs::path& path) {
  const json config = read_json(path);
  const auto text = [&](const json& from, const char* key, const char* as) {
    if (from.is_object() && from.contains(key) && from[key].is_string())
      file.texts[as] = from[key].get<std::string>();
  };
  text(config, "model_type", "model_type");
  if (config.contains("quantization_config"))
    text(config["quantization_config"], "quant_method", "quant_method");
  file.files.push_back(path.string());
}

ModelFile read_folder(const catalog::Catalog& catalog, const fs::path& folder) {
  ModelFile file;
  file.kind = "configuration";
  std::vector<fs::path> tensors;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string extension = it->path().extension().string();
    if (extension == ".safetensors" || extension == ".gguf") tensors.push_back(it->path());
  }
  if (error) throw Error(ErrorCode::io, fmt::format("{}: can't be listed", folder.string()));
  std::sort(tensors.begin(), tensors.end());
  const bool gguf = !tensors.empty() && tensors.front().extension() == ".gguf";
  if (fs::exists(folder / "model.safetensors.index.json", error))
    file = read_index(catalog, folder / "model.safetensors.index.json");
  else if (gguf) file = read_split(catalog, tensors.front());
  else
    for (const fs::path& path : tensors) append(file, read_one(catalog, path));
  const fs::path config = folder / "config.json";
  if (fs::exists(config, error)) add_config(file, config);
  else if (tensors.empty())
    bad(folder.string(), "is no model's folder: it has neither config.json nor .safetensors or .gguf files");
  return file;
}

}  // namespace

ModelFile read_model(const catalog::Catalog& catalog, const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) throw Error(ErrorCode::io, fmt::format("{}: there is no such file", path));
  if (fs::is_directory(path, error)) return read_folder(catalog, path);
  if (path.ends_with(".index.json")) return read_index(catalog, path);
  if (path.ends_with(".json")) {
    ModelFile file;
    file.kind = "configuration";
    add_config(file, path);
    return file;
  }
  return read_split(catalog, path);
}

}  // namespace qwenfit::input
