// A path -> reader, and the files that belong together.
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "gguf_model.hpp"
#include "header_reader.hpp"
#include "ollama.hpp"

namespace qwenfit::input {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kIndex = "model.safetensors.index.json";
constexpr Bytes kLongestJson = 64 * units::kMiB;

std::ifstream open(const fs::path& path, Bytes& size) {
  std::error_code error;
  if (!fs::exists(path, error))
    throw Error(ErrorCode::io, fmt::format("{}: there is no such file", path.string()));
  if (!fs::is_regular_file(path, error))
    throw Error(ErrorCode::io, fmt::format("{}: is no file", path.string()));
  size = static_cast<Bytes>(fs::file_size(path, error));
  std::ifstream in(path, std::ios::binary);
  if (error || !in) throw Error(ErrorCode::io, fmt::format("{}: can't be opened", path.string()));
  return in;
}

std::string read_text(const fs::path& path) {
  Bytes size = 0;
  std::ifstream in = open(path, size);
  const std::string name = path.string();
  if (size > kLongestJson) bad(name, "is too large for a JSON file of a model");
  return HeaderReader(in, size, name).bytes(size, "the file");
}

json read_json(const fs::path& path) {
  json value = json::parse(read_text(path), nullptr, false);
  if (!value.is_object()) bad(path.string(), "is no JSON object");
  return value;
}

ModelFile read_one(const catalog::Catalog& catalog, const fs::path& path) {
  Bytes size = 0;
  std::ifstream in = open(path, size);
  constexpr std::string_view kPointer = "version https://git-lfs.";
  std::string start(kPointer.size(), '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  in.clear();
  in.seekg(0);
  const std::string name = path.string();
  const bool gguf = start.starts_with("GGUF");
  if (start == kPointer) bad(name, "is a pointer of Git LFS: the file itself was not fetched (git lfs pull)");
  if (!gguf && !name.ends_with(".safetensors") && start[sizeof(std::uint64_t)] != '{')
    bad(name, "is neither a GGUF file nor a safetensors file");
  ModelFile file = gguf ? read_gguf(catalog, in, size, name) : read_safetensors(in, size, name);
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
  all.tensors.insert(all.tensors.end(), std::make_move_iterator(part.tensors.begin()),
                     std::make_move_iterator(part.tensors.end()));
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
  for (std::int64_t i = 1; i <= count; ++i) {
    const std::string part_name =
        fmt::format("{}-{:05}-of-{:05}.gguf", name.substr(0, name.size() - kTail), i, count);
    ModelFile part = read_one(catalog, part_name);
    // As llama_model_loader has it.
    if (part.numbers["split.no"] != i - 1)
      bad(part_name,
          fmt::format("says that it is file {} of its split: it was renamed", part.numbers["split.no"] + 1));
    append(all, std::move(part));
  }
  const auto tensors = all.numbers.find("split.tensors.count");
  if (tensors != all.numbers.end() && tensors->second != std::ssize(all.tensors))
    bad(name, fmt::format("is of a split of {} tensors, and its files hold {}", tensors->second,
                          all.tensors.size()));
  check_names(all, name);
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
  check_names(all, path.string());
  return all;
}

void add_config(ModelFile& file, const fs::path& path) {
  file.config = read_text(path);
  file.config_path = path.string();
  json config = json::parse(file.config, nullptr, false);
  if (!config.is_object()) bad(path.string(), "is no JSON object");
  // ModelOpt's older exports keep this in a file of its own.
  std::error_code error;
  const fs::path aside = path.parent_path() / "hf_quant_config.json";
  if (!config.contains("quantization_config") && fs::exists(aside, error)) {
    const json quant = read_json(aside);
    if (quant.contains("quantization") && quant["quantization"].is_object()) {
      config["quantization_config"] = quant["quantization"];
      config["quantization_config"]["quant_method"] = "modelopt";
      file.config = config.dump(-1, ' ', false, json::error_handler_t::replace);
      file.files.push_back(aside.string());
    }
  }
  const auto text = [&](const json& from, const char* key, const char* as) {
    if (from.is_object() && from.contains(key) && from[key].is_string())
      file.texts[as] = from[key].get<std::string>();
  };
  text(config, "model_type", "model_type");
  text(config, "peft_type", "peft_type");
  text(config, "base_model_name_or_path", "base_model");
  if (config.contains("quantization_config"))
    text(config["quantization_config"], "quant_method", "quant_method");
  file.files.push_back(path.string());
}

/// The configuration that lies beside a model's files.
void add_config_beside(ModelFile& file, const fs::path& path) {
  std::error_code error;
  const fs::path config = path.parent_path() / "config.json";
  if (file.kind == "safetensors" && fs::exists(config, error)) add_config(file, config);
}

/// The one GGUF model of a folder: projectors and drafts lie beside it, and the other files of its split.
ModelFile read_gguf_folder(const catalog::Catalog& catalog, const fs::path& folder,
                           const std::vector<fs::path>& paths) {
  std::vector<ModelFile> models;
  std::set<std::string> seen;
  for (const fs::path& path : paths) {
    if (seen.contains(path.string())) continue;
    ModelFile file = read_split(catalog, path);
    seen.insert(file.files.begin(), file.files.end());
    // Beside models lie projectors, LoRA adapters and importance matrices.
    const auto is = [&](const char* key, const char* value, bool otherwise) {
      const auto it = file.texts.find(key);
      return it == file.texts.end() ? otherwise : it->second == value;
    };
    const bool model = is("general.type", "model", true) && !is("general.architecture", "clip", false);
    if (model && !is_draft(file)) models.push_back(std::move(file));
  }
  if (models.empty())
    bad(folder.string(), "holds projectors (mmproj), drafts (MTP blocks), adapters and the like only");
  if (models.size() > 1) {
    std::vector<std::string> names;
    for (const ModelFile& m : models) names.push_back(fs::path(m.files.front()).filename().string());
    if (names.size() > 4) names.resize(4);
    throw Error(ErrorCode::ambiguous, fmt::format("{}: holds {} GGUF models: name one, {} ...",
                                                  folder.string(), models.size(), fmt::join(names, ", ")));
  }
  return std::move(models.front());
}

constexpr const char* kAdapterConfig = "adapter_config.json";

/// The tensors of an adapter's folder: of PEFT, of mlx-lm; an empty path where there are none.
fs::path adapter_tensors(const fs::path& folder) {
  std::error_code error;
  for (const char* name : {"adapter_model.safetensors", "adapters.safetensors"}) {
    if (fs::exists(folder / name, error)) return folder / name;
  }
  return {};
}

ModelFile read_adapter(const catalog::Catalog& catalog, const fs::path& folder) {
  const fs::path tensors = adapter_tensors(folder);
  std::error_code error;
  if (tensors.empty())
    bad(folder.string(), fs::exists(folder / "adapter_model.bin", error)
                             ? "holds adapter_model.bin, a pickle: save the adapter as safetensors"
                             : "is an adapter's folder without adapter_model.safetensors");
  ModelFile file = read_one(catalog, tensors);
  file.kind = "adapter";
  add_config(file, folder / kAdapterConfig);
  return file;
}

ModelFile read_ollama(const catalog::Catalog& catalog, const fs::path& path, const json& value) {
  const OllamaManifest manifest = read_ollama_manifest(path.string(), value);
  ModelFile file;
  for (const std::string& blob : manifest.models) append(file, read_one(catalog, blob));
  file.texts["ollama.name"] = manifest.name;
  if (!manifest.projector.empty()) file.texts["ollama.projector"] = manifest.projector;
  if (!manifest.adapter.empty()) file.texts["ollama.adapter"] = manifest.adapter;
  return file;
}

/// A small file that starts like JSON: a manifest of Ollama has no ending.
bool may_be_json(const fs::path& path) {
  Bytes size = 0;
  std::ifstream in = open(path, size);
  char start[sizeof(std::uint64_t)] = {};
  in.read(start, sizeof start);
  // The length of a safetensors header may begin like JSON; its high bytes are no text.
  return size < units::kMiB && start[0] == '{' && (!in || start[sizeof start - 1] != 0);
}

/// Of a repository in the cache of huggingface_hub: the revision that its main branch stood for, else the
/// only one.
fs::path snapshot_of(const fs::path& folder) {
  std::error_code error;
  const fs::path snapshots = folder / "snapshots";
  if (!fs::is_directory(snapshots, error)) return folder;
  std::ifstream in(folder / "refs" / "main");
  std::string revision;
  if (in >> revision && revision.find_first_not_of("0123456789abcdef") == std::string::npos &&
      fs::is_directory(snapshots / revision, error))
    return snapshots / revision;
  std::vector<fs::path> all;
  for (fs::directory_iterator it(snapshots, error), end; !error && it != end; it.increment(error))
    all.push_back(it->path());
  if (all.size() != 1)
    throw Error(ErrorCode::ambiguous, fmt::format("{}: holds {} revisions: name one of {}", folder.string(),
                                                  all.size(), snapshots.string()));
  return all.front();
}

ModelFile read_folder(const catalog::Catalog& catalog, const fs::path& folder) {
  std::vector<fs::path> safetensors, gguf;
  bool pickled = false;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string extension = it->path().extension().string();
    if (extension == ".safetensors") safetensors.push_back(it->path());
    if (extension == ".gguf") gguf.push_back(it->path());
    pickled = pickled || (extension == ".bin" && it->path().filename().string().starts_with("pytorch_model"));
  }
  if (error) throw Error(ErrorCode::io, fmt::format("{}: can't be listed", folder.string()));
  std::sort(safetensors.begin(), safetensors.end());
  std::sort(gguf.begin(), gguf.end());
  const fs::path config = folder / "config.json";
  const bool configured = fs::exists(config, error);
  const bool indexed = fs::exists(folder / kIndex, error);
  if (fs::exists(folder / kAdapterConfig, error)) {
    // Trainers put the base's configuration beside an adapter, and adapters beside models.
    const fs::path tensors = adapter_tensors(folder);
    std::erase(safetensors, tensors);
    if (!indexed && safetensors.empty() && (!configured || !tensors.empty()))
      return read_adapter(catalog, folder);
  }
  // What else lies there is not loaded (transformers/modeling_utils.py).
  if (const fs::path whole = folder / "model.safetensors"; fs::exists(whole, error)) safetensors = {whole};
  ModelFile file;
  file.kind = "configuration";
  if (indexed) file = read_index(catalog, folder / kIndex);
  else if (safetensors.empty() && !gguf.empty()) return read_gguf_folder(catalog, folder, gguf);
  else
    for (const fs::path& path : safetensors) append(file, read_one(catalog, path));
  check_names(file, folder.string());
  if (pickled && file.tensors.empty()) file.texts["pickled"] = "pytorch_model";
  if (configured) add_config(file, config);
  else if (safetensors.empty())
    bad(folder.string(), "is no model's folder: it has neither config.json nor .safetensors or .gguf files");
  return file;
}

}  // namespace

ModelFile read_model(const catalog::Catalog& catalog, const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) throw Error(ErrorCode::io, fmt::format("{}: there is no such file", path));
  if (fs::is_directory(path, error)) return read_folder(catalog, snapshot_of(path));
  if (const fs::path p = path;
      p.filename() == kAdapterConfig ||
      (p == adapter_tensors(p.parent_path()) && fs::exists(p.parent_path() / kAdapterConfig, error)))
    return read_adapter(catalog, p.parent_path());
  if (path.ends_with(".index.json")) {
    ModelFile file = read_index(catalog, path);
    add_config_beside(file, path);
    return file;
  }
  if (may_be_json(path) || path.ends_with(".json")) {
    const json value = read_json(path);
    if (is_ollama_manifest(value)) return read_ollama(catalog, path, value);
    ModelFile file;
    file.kind = "configuration";
    add_config(file, path);
    return file;
  }
  // One shard brings the others, as one file of a split does.
  const fs::path index = fs::path(path).parent_path() / kIndex;
  if (path.find("-of-") != std::string::npos && fs::exists(index, error)) {
    ModelFile file = read_index(catalog, index);
    if (std::find(file.files.begin(), file.files.end(), path) != file.files.end()) {
      add_config_beside(file, index);
      return file;
    }
  }
  ModelFile file = read_split(catalog, path);
  add_config_beside(file, path);
  return file;
}

}  // namespace qwenfit::input
