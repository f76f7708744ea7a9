// The config.json of every model of the catalog, in the shape that transformers' classes give it, reads back
// as that model.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catalog/write.hpp"
#include "catch.hpp"
#include "hf_writer.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"
#include "qwenfit/model.hpp"

using namespace qwenfit;
using nlohmann::json;

namespace {

const catalog::Catalog& all() {
  return catalog::Catalog::builtin();
}

/// As if `config` stood in a folder of this name.
std::shared_ptr<const input::LocalModel> read(const json& config, const std::string& folder) {
  input::ModelFile file;
  file.kind = "configuration";
  file.config = config.dump();
  file.config_path = folder + "/config.json";
  return input::model_of(all(), folder + "/config.json", std::move(file));
}

std::string says(const json& config) {
  try {
    (void)read(config, "x");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

std::int64_t parameters(const catalog::Model& model) {
  return model::count_parameters(model::build_inventory(model, model::Layout::checkpoint)).total;
}

}  // namespace

TEST_CASE("config.json: every model of the catalog comes back by name") {
  int models = 0;
  for (const catalog::Model* model : all().models()) {
    if (model->arch == catalog::Arch::unknown) continue;
    INFO(model->id);
    const auto local = read(tools::hf_config(*model), std::string(model->name));
    CHECK(local->model.id == model->id);
    CHECK(local->like == model);
    CHECK(local->format.id.empty());
    CHECK(catalog::to_json(local->model).dump() == catalog::to_json(*model).dump());
    ++models;
  }
  CHECK(models > 100);
}

TEST_CASE("config.json: without a known name the geometry alone gives the parameters") {
  for (const catalog::Model* model : all().models()) {
    if (model->arch == catalog::Arch::unknown) continue;
    INFO(model->id);
    const auto local = read(tools::hf_config(*model), "/nowhere/checkpoint-500");
    CHECK(local->model.id == "checkpoint-500");
    REQUIRE(local->like);
    // What a configuration does not say: that an embedding model leaves its head out.
    if (model->geometry.headless && model->architecture != "Qwen2Model") continue;
    CHECK(parameters(local->model) == parameters(*model));
    CHECK(model::kv_elements_per_token(local->model) == model::kv_elements_per_token(*model));
  }
}

TEST_CASE("config.json: a size that nobody has published") {
  json config = tools::hf_config(*all().model("qwen3-8b"));
  config["num_hidden_layers"] = 40;
  const auto local = read(config, "/nowhere/big");
  CHECK_FALSE(local->like);
  const std::int64_t layer = (parameters(*all().model("qwen3-8b")) - 2LL * 151936 * 4096 - 4096) / 36;
  CHECK(parameters(local->model) == parameters(*all().model("qwen3-8b")) + 4 * layer);
}

TEST_CASE("config.json: the parts of a model that are saved alone") {
  const json omni = tools::hf_config(*all().model("qwen3-omni-30b-a3b-instruct"));
  json thinker = omni["thinker_config"];
  thinker["model_type"] = "qwen3_omni_moe_thinker";
  const auto local = read(thinker, "/nowhere/thinker");
  CHECK(local->model.geometry.vision);
  CHECK(local->model.geometry.audio);
  CHECK_FALSE(local->model.geometry.talker);
  for (const auto& [model, type] : {std::pair{"qwen3-vl-8b-instruct", "qwen3_vl_text"},
                                    {"qwen3-vl-30b-a3b-instruct", "qwen3_vl_moe_text"},
                                    {"qwen2.5-vl-7b", "qwen2_5_vl_text"},
                                    {"qwen2-vl-7b", "qwen2_vl_text"}}) {
    INFO(model);
    json text = tools::hf_config(*all().model(model))["text_config"];
    text["model_type"] = type;
    const auto alone = read(text, "/nowhere/text");
    CHECK_FALSE(alone->model.geometry.vision);
    CHECK(alone->model.geometry.layers == all().model(model)->geometry.layers);
  }
}

TEST_CASE("config.json: files as they are published") {
  // Qwen2-Audio leaves out what Qwen2Config has by default.
  const auto audio = read(json::parse(R"({"architectures": ["Qwen2AudioForConditionalGeneration"],
    "audio_config": {"model_type": "qwen2_audio_encoder", "num_mel_bins": 128, "encoder_layers": 32,
      "encoder_attention_heads": 20, "encoder_ffn_dim": 5120, "d_model": 1280, "max_source_positions": 1500},
    "model_type": "qwen2_audio", "vocab_size": 156032,
    "text_config": {"bos_token_id": 151643, "eos_token_id": 151645, "intermediate_size": 11008,
      "max_position_embeddings": 8192, "model_type": "qwen2", "rope_theta": 10000, "rms_norm_eps": 1e-5,
      "sliding_window": 32768, "torch_dtype": "bfloat16", "use_mrope": false, "vocab_size": 156032}})"),
                          "x");
  CHECK(parameters(audio->model) == parameters(*all().model("qwen2-audio-7b")));
  // Qwen2-VL's first files keep the language model's keys at the top.
  const auto vl =
      read(json::parse(R"({"architectures": ["Qwen2VLForConditionalGeneration"], "model_type": "qwen2_vl",
    "hidden_size": 1536, "intermediate_size": 8960, "max_position_embeddings": 32768, "num_attention_heads": 12,
    "num_hidden_layers": 28, "num_key_value_heads": 2, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
    "vision_config": {"depth": 32, "embed_dim": 1280, "mlp_ratio": 4, "num_heads": 16, "in_chans": 3, "hidden_size": 1536,
      "patch_size": 14, "spatial_merge_size": 2, "spatial_patch_size": 14, "temporal_patch_size": 2},
    "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}, "vocab_size": 151936})"),
           "Qwen2-VL-2B-Instruct");
  CHECK(vl->model.id == "qwen2-vl-2b");
  REQUIRE(vl->variant);
  CHECK(vl->variant->name == "Qwen2-VL-2B-Instruct");
}

TEST_CASE("config.json: keys that are missing, wrong or contradict each other") {
  const json whole = tools::hf_config(*all().model("qwen3-30b-a3b"));
  const auto with = [&](const char* key, const json& value) {
    json config = whole;
    if (value.is_null()) config.erase(key);
    else config[key] = value;
    return says(config);
  };
  CHECK(says(whole).empty());
  CHECK(with("hidden_size", nullptr) == "x/config.json: lacks hidden_size");
  CHECK_THAT(with("model_type", nullptr), ContainsText("lacks model_type"));
  CHECK_THAT(with("model_type", "llama"), ContainsText("'llama', no Qwen model"));
  CHECK_THAT(with("hidden_size", "big"), ContainsText("hidden_size is \"big\""));
  CHECK_THAT(with("hidden_size", -1), ContainsText("hidden_size is -1"));
  CHECK_THAT(with("hidden_size", 0), ContainsText("hidden_size is 0"));
  CHECK_THAT(with("hidden_size", 1e300), ContainsText("hidden_size is 1e+300"));
  CHECK_THAT(with("num_hidden_layers", 1000000), ContainsText("larger than any model"));
  CHECK_THAT(with("moe_intermediate_size", 1000000000), ContainsText("larger than any model"));
  CHECK_THAT(with("num_key_value_heads", 5), ContainsText("no multiple of num_key_value_heads 5"));
  CHECK_THAT(with("num_experts_per_tok", 200), ContainsText("more than the 128 experts"));
  CHECK_THAT(with("num_experts", 0), ContainsText("lacks num_experts"));
  CHECK_THAT(with("mlp_only_layers", json::array({0})), ContainsText("not modelled"));
  json hybrid = tools::hf_config(*all().model("qwen3.5-27b"));
  hybrid["text_config"]["layer_types"].erase(hybrid["text_config"]["layer_types"].begin());
  CHECK_THAT(says(hybrid), ContainsText("text_config.layer_types does not list 64 layers"));
  hybrid["text_config"].erase("layer_types");
  hybrid["text_config"]["full_attention_interval"] = 128;
  CHECK_THAT(says(hybrid), ContainsText("no layer has full attention"));
}

TEST_CASE("config.json: declared quantizations") {
  const auto format = [](const json& q, const char* key = "quantization_config") {
    json config = tools::hf_config(*all().model("qwen3-8b"));
    config[key] = q;
    return std::string(read(config, "x")->format.id);
  };
  CHECK(format({{"quant_method", "fp8"}, {"weight_block_size", {128, 128}}}) == "fp8");
  CHECK(format({{"quant_method", "gptq"}, {"bits", 4}, {"group_size", 128}}) == "gptq-int4");
  CHECK(format({{"quant_method", "gptq"}, {"bits", 8}}) == "gptq-int8");
  CHECK(format({{"quant_method", "awq"}, {"bits", 4}}) == "awq-int4");
  CHECK(format({{"quant_method", "bitsandbytes"}, {"load_in_4bit", true}}) == "nf4");
  CHECK(format({{"quant_method", "modelopt"}, {"quant_algo", "NVFP4"}}) == "nvfp4");
  CHECK(format(
            json::parse(R"({"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups":
    {"group_0": {"weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 128}}}})")) ==
        "w4a16");
  CHECK(format(json::parse(
            R"({"quant_method": "compressed-tensors", "format": "float-quantized", "config_groups":
    {"group_0": {"weights": {"num_bits": 8, "type": "float", "strategy": "channel"}}}})")) == "fp8-dynamic");
  CHECK(format({{"bits", 4}, {"group_size", 64}}, "quantization") == "mlx-4bit");
  CHECK(format({{"bits", 8}, {"group_size", 128}}, "quantization") == "mlx-8bit-g128");
  CHECK(format({{"quant_method", "exl3"}, {"bits", 4.0}}) == "exl3-4.0bpw");
  json config = tools::hf_config(*all().model("qwen3-8b"));
  config["quantization_config"] = {{"quant_method", "magic"}};
  CHECK_THAT(read(config, "x")->unknown_format, ContainsText("quantized by 'magic'"));
}
