// Folders, splits, indices, Ollama's store and adapters, as they lie on a disk.
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

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
/// A header of bf16 tensors: name and shape.
std::string header(const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& tensors) {
  nlohmann::json json;
  std::int64_t offset = 0;
  for (const auto& [name, shape] : tensors) {
    std::int64_t bytes = 2;
    for (const std::int64_t d : shape) bytes *= d;
    json[name] = {{"dtype", "BF16"}, {"shape", shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  return safetensors(json.dump());
}
std::string little(std::uint64_t value, std::size_t width) {
  std::string out(width, '\0');
  std::memcpy(out.data(), &value, width);
  return out;
}
/// A GGUF header: metadata texts, metadata numbers, and names of f32 tensors of 32 values.
std::string gguf(const std::vector<std::pair<std::string, std::string>>& texts,
                 const std::vector<std::pair<std::string, std::uint32_t>>& numbers,
                 const std::vector<std::string>& tensors) {
  const auto text = [](const std::string& s) { return little(s.size(), 8) + s; };
  std::string out = "GGUF" + little(3, 4) + little(tensors.size(), 8);
  out += little(texts.size() + numbers.size(), 8);
  for (const auto& [key, value] : texts) out += text(key) + little(8, 4) + text(value);
  for (const auto& [key, value] : numbers) out += text(key) + little(4, 4) + little(value, 4);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    out += text(tensors[i]) + little(1, 4) + little(32, 8) + little(0, 4) + little(128 * i, 8);
  return out;
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
  folder.put("m/lora.gguf", gguf({{"general.architecture", "qwen3"}, {"general.type", "adapter"}}, {}, {}));
  folder.put("m/imatrix.gguf", gguf({{"general.type", "imatrix"}}, {}, {}));
  CHECK(open_model(all(), folder.at("m"))->model.id == "qwen3-0.6b");
  folder.put("m/other.gguf", gguf());
  CHECK_THROWS_WITH(open_model(all(), folder.at("m")), ContainsText("holds 2 GGUF models"));
}

TEST_CASE("the files of a split belong together") {
  const Folder folder;
  const auto part = [&](const std::string& tensor, std::uint32_t no, std::uint32_t tensors = 2) {
    return gguf({}, {{"split.no", no}, {"split.count", 2}, {"split.tensors.count", tensors}}, {tensor});
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
  folder.put("m-00002-of-00002.gguf", part("b", 0));
  CHECK_THROWS_WITH(read_model(all(), first), ContainsText("says that it is file 1 of its split"));
  folder.put("m-00002-of-00002.gguf", part("a", 1));
  CHECK_THROWS_WITH(read_model(all(), first), ContainsText("tensor 'a' is there twice"));
  folder.put("m-00001-of-00002.gguf", part("a", 0, 3));
  CHECK_THROWS_WITH(read_model(all(), first), ContainsText("of a split of 3 tensors, and its files hold 2"));
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

TEST_CASE("one shard brings the others; what lies beside model.safetensors is not loaded") {
  const Folder folder;
  folder.put("m/config.json", kConfig);
  folder.put("m/model.safetensors.index.json",
             R"({"weight_map": {"a": "x-00001-of-00002.safetensors", "b": "x-00002-of-00002.safetensors"}})");
  const std::string first = folder.put("m/x-00001-of-00002.safetensors", header({{"a", {4}}}));
  folder.put("m/x-00002-of-00002.safetensors", header({{"b", {4}}}));
  const std::string other = folder.put("m/y-00001-of-00001.safetensors", header({{"c", {4}}}));
  CHECK(read_model(all(), first).tensors.size() == 2);
  CHECK(read_model(all(), other).tensors.size() == 1);
  folder.put("m/x-00002-of-00002.safetensors", header({{"a", {4}}}));
  CHECK_THROWS_WITH(read_model(all(), first), ContainsText("tensor 'a' is there twice"));
  folder.put("whole/model.safetensors", header({{"a", {4}}}));
  folder.put("whole/consolidated.safetensors", header({{"a", {4}}, {"b", {4}}}));
  folder.put("whole/config.json", kConfig);
  CHECK(read_model(all(), folder.at("whole")).tensors.size() == 1);
  folder.put("old/config.json", kConfig);
  folder.put("old/pytorch_model-00001-of-00002.bin", "x");
  const auto old = open_model(all(), folder.at("old"));
  REQUIRE(old->differences.size() == 1);
  CHECK_THAT(old->differences[0], ContainsText("pickles"));
}

TEST_CASE("quantizations: a file of their own, an older spelling, one that is not known") {
  const Folder folder;
  folder.put("m/config.json", kConfig);
  folder.put("m/hf_quant_config.json",
             R"({"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4"}})");
  CHECK(open_model(all(), folder.at("m"))->format.id == "nvfp4");
  const auto format = [&](const std::string& quantization) {
    std::string config = kConfig;
    config.insert(1, R"("quantization_config": )" + quantization + ",");
    return open_model(all(), folder.put("q/config.json", config));
  };
  CHECK(format(R"({"load_in_4bit": true, "load_in_8bit": false})")->format.id == "nf4");
  CHECK(format(R"({"quant_method": "auto-round", "bits": 4, "data_type": "mx_fp"})")->format.id == "mxfp4");
  CHECK(format(R"({"quant_method": "auto-round", "bits": 4, "data_type": "nv_fp4_with_static_gs"})")
            ->format.id == "nvfp4");
  CHECK(format(R"({"quant_method": "auto-round", "bits": 4, "data_type": "int"})")->format.id == "gptq-int4");
  CHECK(format(R"({"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION",
                   "quantized_layers": {"a": {"quant_algo": "FP8"}, "b": {"quant_algo": "NVFP4"}}})")
            ->format.id == "nvfp4");

  const auto unknown = format(R"({"quant_method": "quark"})");
  CHECK(unknown->format.id.empty());
  REQUIRE(unknown->differences.size() == 1);
  CHECK_THAT(unknown->differences[0], ContainsText("is quantized by 'quark'"));
  Estimator estimator(all(), ModelFiles::read);
  Scenario scenario;
  scenario.model = folder.at("q");
  CHECK_THROWS_WITH(estimator.estimate(scenario), ContainsText("-f names one to count with"));
  scenario.format = "fp8";
  CHECK(estimator.estimate(scenario).setup.weights->format->id == "fp8");
}

TEST_CASE("GGUF files that hold no model say what they are") {
  const Folder folder;
  const auto says = [&](const std::string& type, const std::string& base) {
    const std::string path = folder.put(
        "x.gguf",
        gguf({{"general.architecture", "qwen3"}, {"general.type", type}, {base, "Qwen3 8B"}}, {}, {}));
    try {
      (void)open_model(all(), path);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK_THAT(says("adapter", "general.base_model.0.name"),
             ContainsText("is a LoRA adapter (--lora of llama.cpp) for Qwen3 8B"));
  CHECK_THAT(says("adapter", "general.other"), ContainsText("for models of architecture qwen3"));
  CHECK_THAT(says("imatrix", "general.other"), ContainsText("is of type 'imatrix', no model"));
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

  const std::string lora = std::string(64, 'c');
  folder.put(
      "models/blobs/sha256-" + lora,
      gguf({{"general.type", "adapter"}}, {}, {"blk.3.attn_q.weight.lora_a", "blk.3.attn_q.weight.lora_b"}));
  const auto adapted = open_model(
      all(),
      folder.put("models/manifests/me/tuned/latest",
                 R"({"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": ")" + kDigest +
                     R"("}, {"mediaType": "application/vnd.ollama.image.adapter", "digest": "sha256:)" +
                     lora + R"("}]})"));
  REQUIRE(adapted->added.size() == 2);
  CHECK(adapted->added[0].layer == 3);
  CHECK(adapted->added[0].bytes == 128);

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

TEST_CASE("adapters: what is added, what replaces, what is not understood") {
  const Folder folder;
  const std::string q = "base_model.model.model.layers.3.self_attn.q_proj.";
  const std::string embedding = "base_model.model.model.embed_tokens.";
  constexpr Bytes kTable = Bytes{151936} * 1024 * 2;
  const auto open = [&](const std::string& config,
                        const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& tensors) {
    folder.put("lora/adapter_config.json", config);
    folder.put("lora/adapter_model.safetensors", header(tensors));
    return open_model(all(), folder.at("lora"));
  };
  const auto added = [](const LocalModel& local) {
    Bytes sum = 0;
    for (const AddedBytes& a : local.added) sum += a.bytes;
    return sum;
  };
  const auto counted = [&](const std::string& format, const std::string& engine) {
    Estimator estimator(all(), ModelFiles::read);
    Scenario with, without;
    with.model = folder.at("lora");
    without.model = "qwen3-0.6b";
    with.format = without.format = format;
    with.engine = without.engine = engine;
    with.devices = without.devices = {{"a100-80gb", 1}};
    return estimator.estimate(with).memory.total() - estimator.estimate(without).memory.total();
  };
  const std::string plain = R"({"base_model_name_or_path": "Qwen/Qwen3-0.6B"})";

  // Copies beside the base's own: a tied head is one more matrix.
  auto local = open(
      R"({"base_model_name_or_path": "Qwen/Qwen3-0.6B", "modules_to_save": ["lm_head", "embed_tokens"]})",
      {{"base_model.model.lm_head.weight", {151936, 1024}}, {embedding + "weight", {151936, 1024}}});
  CHECK(added(*local) == 2 * kTable);
  CHECK(counted("bf16", "transformers") == 2 * kTable);
  CHECK_THAT(local->notes.back(), ContainsText("saved whole"));

  // The same, saved because the vocabulary grew by four tokens.
  local = open(plain, {{"base_model.model.lm_head.weight", {151940, 1024}},
                       {embedding + "weight", {151940, 1024}},
                       {q + "lora_A.weight", {8, 1024}}});
  CHECK(added(*local) == Bytes{2} * 12 * 1024);
  CHECK(counted("bf16", "transformers") == added(*local));

  // What PEFT writes beside lora_A and lora_B.
  local = open(R"({"base_model_name_or_path": "Qwen/Qwen3-0.6B", "use_dora": true})",
               {{q + "lora_A.weight", {8, 1024}},
                {q + "lora_B.weight", {2048, 8}},
                {q + "lora_magnitude_vector", {2048}},
                {"base_model.model.model.layers.4.mlp.up_proj.lora_A.weight", {32, 1024}},
                {embedding + "lora_embedding_A", {8, 151936}},
                {embedding + "lora_embedding_B", {1024, 8}},
                {embedding + "base_layer.weight", {151936, 1024}},
                {embedding + "token_adapter.trainable_tokens_delta", {5, 1024}},
                {"base_model.model.model.odd.weight", {7}}});
  CHECK(added(*local) == Bytes{2} * (Bytes{8} * (1024 + 2048) + 2048 + Bytes{32} * 1024 +
                                     Bytes{8} * (151936 + 1024) + Bytes{5} * 1024));
  const auto told = [&](const char* text) {
    return std::any_of(local->notes.begin(), local->notes.end(),
                       [&](const std::string& note) { return note.find(text) != std::string::npos; });
  };
  CHECK(told("rank 8 to 32"));
  CHECK(told("297 MiB of the adapter take the place"));
  CHECK(
      told("14 B of the adapter are of no module that Qwen3-0.6B has, and are not counted: "
           "base_model.model.model.odd.weight"));
  CHECK(told("PEFT loads an adapter with DoRA"));

  // Biases are the base's own, trained.
  local = open(R"({"base_model_name_or_path": "Qwen/Qwen2.5-0.5B-Instruct", "bias": "lora_only"})",
               {{q + "lora_A.weight", {8, 896}}, {q + "base_layer.bias", {896}}});
  CHECK(added(*local) == Bytes{2} * 8 * 896);
  // Towers, experts as one parameter, prompts.
  local =
      open(R"({"base_model_name_or_path": "Qwen/Qwen3-VL-8B-Instruct"})",
           {{"base_model.model.model.visual.blocks.3.attn.qkv.lora_A.weight", {8, 1152}},
            {"base_model.model.model.language_model.layers.3.self_attn.q_proj.lora_A.weight", {8, 4096}}});
  REQUIRE(local->added.size() == 2);
  CHECK(local->added[0].part == model::Part::text);
  CHECK(local->added[0].layer == 3);
  CHECK(local->added[1].part == model::Part::vision);
  CHECK(added(*local) == Bytes{2} * 8 * (1152 + 4096));
  local = open(R"({"base_model_name_or_path": "Qwen/Qwen3-30B-A3B"})",
               {{"base_model.model.model.layers.3.mlp.experts.lora_A.weight", {1024, 768}},
                {"base_model.model.model.layers.3.mlp.experts.base_layer.lora_A.weight", {1024, 2048}}});
  CHECK(added(*local) == Bytes{2} * 1024 * (768 + 2048));
  CHECK_THROWS_WITH(open(R"({"base_model_name_or_path": "Qwen/Qwen3-30B-A3B"})",
                         {{"base_model.model.model.layers.3.mlp.gate_proj.lora_A.weight", {8, 2048}}}),
                    ContainsText("holds no tensors of layers that Qwen3-30B-A3B has"));
  local = open(R"({"base_model_name_or_path": "Qwen/Qwen3-0.6B", "peft_type": "PROMPT_TUNING"})",
               {{"prompt_embeddings", {20, 1024}}});
  CHECK(added(*local) == Bytes{2} * 20 * 1024);

  // A GGUF file of the base cuts other tensors: what is added is counted all the same.
  local = open(R"({"base_model_name_or_path": "Qwen/Qwen3-Next-80B-A3B-Instruct"})",
               {{"base_model.model.model.layers.0.linear_attn.in_proj_qkvz.lora_A.weight", {8, 2048}}});
  Estimator estimator(all(), ModelFiles::read);
  Scenario with, without;
  with.model = folder.at("lora");
  without.model = "qwen3-next-80b-a3b-instruct";
  with.format = without.format = "q4_k_m";
  CHECK(estimator.estimate(with).weights.bytes - estimator.estimate(without).weights.bytes ==
        Bytes{2} * 8 * 2048);

  CHECK_THROWS_WITH(
      open(plain, {{q + "lora_A.weight", {8, 2048}}}),
      ContainsText("of shape 8 x 2048 does not fit Qwen3-0.6B, whose self_attn.q_proj is 2048 x 1024"));
  CHECK_THROWS_WITH(open(plain, {{q + "lora_B.weight", {1024, 8}}}),
                    ContainsText("trained on another model"));
  CHECK_THROWS_WITH(
      open(plain, {{"base_model.model.model.layers.28.self_attn.q_proj.lora_A.weight", {8, 1024}}}),
      ContainsText("of a layer that Qwen3-0.6B does not have"));
  CHECK_THROWS_WITH(
      open(R"({"base_model_name_or_path": "meta-llama/Llama-3-8B"})", {{q + "lora_A.weight", {8, 1024}}}),
      ContainsText("adapter_config.json: names no base that is known"));
  CHECK_THROWS_WITH(open(plain, {{"base_model.model.odd.weight", {7}}}),
                    ContainsText("holds no tensors of layers"));
}

TEST_CASE("adapters: folders and files") {
  const Folder folder;
  const std::string tensors =
      header({{"base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight", {8, 1024}}});
  const std::string config =
      folder.put("lora/adapter_config.json", R"({"base_model_name_or_path": "unsloth/Qwen3-0.6B-bnb-4bit"})");
  folder.put("lora/adapter_model.bin", "x");
  CHECK_THROWS_WITH(open_model(all(), folder.at("lora")), ContainsText("holds adapter_model.bin, a pickle"));
  const std::string file = folder.put("lora/adapter_model.safetensors", tensors);
  // Trainers put the base's configuration beside it.
  folder.put("lora/config.json", kConfig);
  for (const std::string& path : {folder.at("lora"), config, file}) {
    const auto local = open_model(all(), path);
    CHECK(local->added.size() == 1);
    CHECK(local->format.id == "nf4");
  }
  // A model beside an adapter is the model.
  folder.put("lora/model.safetensors", header({{"model.norm.weight", {1024}}}));
  CHECK(read_model(all(), folder.at("lora")).kind == "safetensors");
  // mlx-lm's: the other way round.
  folder.put("mlx/adapter_config.json", R"({"model": "Qwen/Qwen3-0.6B", "fine_tune_type": "lora"})");
  folder.put("mlx/adapters.safetensors", header({{"model.layers.3.self_attn.q_proj.lora_a", {1024, 8}},
                                                 {"model.layers.3.self_attn.q_proj.lora_b", {8, 2048}}}));
  const auto mlx = open_model(all(), folder.at("mlx"));
  CHECK_THROWS_WITH(overlay_entry(all(), *mlx, "x"), ContainsText("an entry holds a shape alone"));
  REQUIRE(mlx->added.size() == 1);
  CHECK(mlx->added[0].bytes == Bytes{2} * 8 * (1024 + 2048));
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
  // What has the shape of an entry of the user's is told so, and its own entry stands without that one.
  const auto twin = open_model(more, folder.put("twin/config.json", config));
  REQUIRE(twin->like);
  CHECK(twin->like->id == "my-tune");
  CHECK(all().with_overlay(folder.put("twin.json", overlay_entry(more, *twin, "my-twin"))).model("my-twin"));
  // Built-in models go before them.
  const catalog::Catalog copy = all().with_overlay(folder.put(
      "copy.json", overlay_entry(all(), *open_model(all(), folder.put("x/config.json", kConfig)), "x")));
  const auto other = open_model(copy, folder.put("other/config.json", kConfig));
  REQUIRE(other->like);
  CHECK(other->like->id == "qwen3-0.6b");
  CHECK_THAT(overlay_entry(all(), *local, "qwen3-8b", true), ContainsText("\"id\": \"qwen3-8b\""));
  CHECK_THROWS_WITH(overlay_entry(all(), *local, "qwen3-8b"), ContainsText("has a model 'qwen3-8b' already"));
  CHECK_THROWS_WITH(overlay_entry(all(), *local, "My Tune"), ContainsText("is no id"));
  const auto known = open_model(all(), folder.put("Qwen3-0.6B/config.json", kConfig));
  CHECK_THROWS_WITH(overlay_entry(all(), *known, ""), ContainsText("the catalog has"));
}

}  // namespace qwenfit::input
