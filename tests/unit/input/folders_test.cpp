// Folders, splits, indices, Ollama's store and adapters, as they lie on a disk.
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"
#include "qwenfit/input.hpp"

namespace qwenfit::input {
namespace {

namespace fs = std::filesystem;

const catalog::Catalog& all() {
  return catalog::Catalog::builtin();
}

/// A folder of its own, gone at the end.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("qwenfit-input-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string put(const std::string& name, const std::string& text) const {
    const fs::path path = path_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  std::string at(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::string gguf() {
  return whole_file(QWENFIT_SOURCE_DIR "/tests/data/files/Qwen3-0.6B-Q4_K_M.gguf");
}
std::string safetensors(const std::string& json) {
  const std::uint64_t size = json.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &size, 8);
  return out + json;
}
const std::string kConfig =
    R"({"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "hidden_size": 1024, "intermediate_size": 3072,
        "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
        "vocab_size": 151936, "tie_word_embeddings": true, "max_position_embeddings": 40960})";
const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kBlob = "sha256-" + std::string(64, 'a');

}  // namespace

TEST_CASE("a folder with one GGUF model is that model; projectors lie beside it") {
  const Folder folder;
  folder.put("m/Qwen3-0.6B-Q4_K_M.gguf", gguf());
  CHECK(open_model(all(), folder.at("m"))->model.id == "qwen3-0.6b");
  folder.put("m/other.gguf", gguf());
  CHECK_THROWS_WITH(open_model(all(), folder.at("m")), ContainsText("holds 2 GGUF models"));
}

TEST_CASE("the files of a split belong together") {
  const Folder folder;
  const auto number = [](auto value) {
    std::string out(sizeof value, '\0');
    std::memcpy(out.data(), &value, sizeof value);
    return out;
  };
  const auto text = [&](const std::string& s) { return number(std::uint64_t{s.size()}) + s; };
  const auto part = [&](const std::string& tensor, std::uint16_t no) {
    return "GGUF" + number(std::uint32_t{3}) + number(std::uint64_t{1}) + number(std::uint64_t{2}) +
           text("split.no") + number(std::uint32_t{2}) + number(no) + text("split.count") +
           number(std::uint32_t{2}) + number(std::uint16_t{2}) + text(tensor) + number(std::uint32_t{1}) +
           number(std::uint64_t{32}) + number(std::uint32_t{0}) + number(std::uint64_t{0});
  };
  const std::string second = folder.put("m-00002-of-00002.gguf", part("b", 1));
  CHECK_THROWS_WITH(read_model(all(), second), ContainsText("m-00001-of-00002.gguf: there is no such file"));
  const std::string first = folder.put("m-00001-of-00002.gguf", part("a", 0));
  for (const std::string& path : {first, second}) {
    const ModelFile file = read_model(all(), path);
    REQUIRE(file.tensors.size() == 2);
    CHECK(file.tensors[0].name == "a");
    CHECK(file.files == std::vector<std::string>{first, second});
  }
  const std::string renamed = folder.put("m.gguf", part("a", 0));
  CHECK_THROWS_WITH(read_model(all(), renamed), ContainsText("its name has to end like"));
}

TEST_CASE("a checkpoint's folder may hold its GGUF files too") {
  const Folder folder;
  folder.put("m/config.json", kConfig);
  folder.put("m/model.safetensors",
             safetensors(R"({"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}})"));
  for (const char* name : {"m/a.gguf", "m/z.gguf"}) {
    folder.put(name, gguf());
    const ModelFile file = read_model(all(), folder.at("m"));
    CHECK(file.kind == "safetensors");
    CHECK(file.tensors.size() == 1);
  }
}

TEST_CASE("what is no model's file is told in its own words") {
  const Folder folder;
  const std::string pointer =
      folder.put("a.gguf", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
  CHECK_THROWS_WITH(read_model(all(), pointer), ContainsText("is a pointer of Git LFS"));
  for (const char* text : {"", "<html>", "<html>not found</html>"})
    CHECK_THROWS_WITH(read_model(all(), folder.put("b.gguf", text)),
                      ContainsText("is neither a GGUF file nor a safetensors file"));
}

TEST_CASE("a repository in the cache of huggingface_hub is its main revision") {
  const Folder folder;
  folder.put("models--me--my-tune/snapshots/0abc/config.json", kConfig);
  CHECK(open_model(all(), folder.at("models--me--my-tune"))->model.id == "my-tune");
  folder.put("models--me--my-tune/snapshots/1abc/config.json", "{}");
  CHECK_THROWS_WITH(open_model(all(), folder.at("models--me--my-tune")), ContainsText("holds 2 revisions"));
  folder.put("models--me--my-tune/refs/main", "0abc");
  const auto local = open_model(all(), folder.at("models--me--my-tune"));
  CHECK(local->model.id == "my-tune");
  REQUIRE(local->like);
  CHECK(local->like->geometry.hidden_size == 1024);
}

TEST_CASE("a missing shard is named") {
  const Folder folder;
  folder.put("m/config.json", kConfig);
  folder.put(
      "m/model.safetensors.index.json",
      R"({"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}})");
  folder.put("m/model-00001-of-00002.safetensors",
             safetensors(R"({"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}})"));
  CHECK_THROWS_WITH(open_model(all(), folder.at("m")),
                    ContainsText("model-00002-of-00002.safetensors: there is no such file"));
}

TEST_CASE("a manifest of Ollama leads to its blob") {
  const Folder folder;
  folder.put("models/blobs/" + kBlob, gguf());
  const std::string manifest = folder.put(
      "models/manifests/registry.ollama.ai/library/qwen3/0.6b",
      R"({"schemaVersion": 2, "layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": ")" +
          kDigest +
          R"(", "size": 1}, {"mediaType": "application/vnd.ollama.image.template", "digest": "x"}]})");
  const auto local = open_model(all(), manifest);
  CHECK(local->model.id == "qwen3-0.6b");
  CHECK(local->format.id == "q4_k_m");
  CHECK(local->file.texts.at("ollama.name") == "qwen3:0.6b");

  const auto says = [&](const std::string& digest) -> std::string {
    const std::string path = folder.put(
        "models/manifests/x",
        R"({"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": ")" + digest + "\"}]}");
    try {
      (void)read_model(all(), path);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  CHECK_THAT(says("sha256:../../../etc/passwd"), ContainsText("no SHA-256 digest"));
  CHECK_THAT(says("sha256:" + std::string(64, 'b')), ContainsText("in no store"));
}

TEST_CASE("an adapter adds its tensors to its base") {
  const Folder folder;
  folder.put("base/config.json", kConfig);
  folder.put("lora/adapter_config.json",
             R"({"peft_type": "LORA", "r": 16, "base_model_name_or_path": "Qwen/Qwen3-0.6B"})");
  folder.put("lora/adapter_model.safetensors", safetensors(R"({
    "base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight": {"dtype":"BF16","shape":[16,1024],"data_offsets":[0,32768]},
    "base_model.model.model.layers.3.self_attn.q_proj.lora_B.weight": {"dtype":"BF16","shape":[2048,16],"data_offsets":[32768,98304]}})"));
  const auto local = open_model(all(), folder.at("lora"));
  CHECK(local->model.id == "qwen3-0.6b");
  REQUIRE(local->added.size() == 1);
  CHECK(local->added[0].bytes == 98304);
  CHECK(local->added[0].layer == 3);

  Estimator estimator(all(), ModelFiles::read);
  Scenario with, without;
  with.model = folder.at("lora");
  without.model = "qwen3-0.6b";
  with.format = without.format = "bf16";
  CHECK(estimator.estimate(with).weights.bytes - estimator.estimate(without).weights.bytes == 98304);

  folder.put("lora/adapter_config.json", R"({"base_model_name_or_path": "../base"})");
  CHECK(open_model(all(), folder.at("lora"))->base->model.geometry.layers == 28);
  folder.put("lora/adapter_config.json", "{}");
  CHECK_THROWS_WITH(open_model(all(), folder.at("lora")), ContainsText("lacks base_model_name_or_path"));
}

TEST_CASE("paths are told from names") {
  const Folder folder;
  const std::string file = folder.put("Qwen3-8B.gguf", "x");
  CHECK(is_path(all(), file));
  CHECK_FALSE(is_path(all(), "Qwen3-8B.gguf"));
  CHECK_FALSE(is_path(all(), "qwen3-8b"));
  CHECK(is_path(all(), folder.at("nothing.gguf")));  // to be called missing
  CHECK_FALSE(is_path(all(), "nothing.gguf"));
  CHECK_FALSE(is_path(all(), "/models/Qwen3-8B"));  // as containers name it
  CHECK_FALSE(is_path(all(), ""));
  // Who does not ask for files gets none opened.
  Estimator names_only(all());
  Scenario scenario;
  scenario.model = file;
  CHECK(names_only.estimate(scenario).setup.model->id == "qwen3-8b");
  Estimator files(all(), ModelFiles::read);
  CHECK_THROWS_WITH(files.estimate(scenario), ContainsText("is neither a GGUF file"));
}

TEST_CASE("an overlay entry of a model is a model of the catalog") {
  const Folder folder;
  std::string config = kConfig;
  config.replace(config.find("28"), 2, "30");
  const std::string path = folder.put("tune/config.json", config);
  const auto local = open_model(all(), path);
  CHECK(local->model.id == "tune");
  const std::string overlay = folder.put("tune.json", overlay_entry(all(), *local, "my-tune"));
  const catalog::Catalog more = all().with_overlay(overlay);
  const catalog::ModelMatch match = more.find_model("my-tune");
  CHECK(match.model->geometry.layers == 30);
  CHECK(match.model->geometry.tied_embeddings);
  CHECK_THAT(overlay_entry(all(), *local, "qwen3-8b", true), ContainsText("\"id\": \"qwen3-8b\""));
  CHECK_THROWS_WITH(overlay_entry(all(), *local, "qwen3-8b"), ContainsText("has a model 'qwen3-8b' already"));
  CHECK_THROWS_WITH(overlay_entry(all(), *local, "My Tune"), ContainsText("is no id"));
  const auto known = open_model(all(), folder.put("Qwen3-0.6B/config.json", kConfig));
  CHECK_THROWS_WITH(overlay_entry(all(), *known, ""), ContainsText("the catalog has"));
}

}  // namespace qwenfit::input
