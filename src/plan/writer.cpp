// Scenario -> options: what all engines share.
#include "writer.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "device_hints.hpp"
#include "engine/version_point.hpp"
#include "estimate/scenario_fields.hpp"
#include "qwenfit/error.hpp"
#include "remedies.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// llama.cpp's options are known by their short names: -ngl, -ctk.
std::string spelled(const OptionRule& rule, EngineKind engine) {
  std::string_view names = rule.names;
  if (engine == EngineKind::llama_cpp) {
    for (std::string_view rest = names; !rest.empty();) {
      const auto end = std::min(rest.find(' '), rest.size());
      const std::string_view name = rest.substr(0, end);
      if (name.starts_with('-') && name.size() <= 4) return std::string(name);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return "--" + std::string(names.substr(0, names.find(' ')));
}

/// "qwen3-8b-q4-k-m": a Service's name has to begin with a letter.
std::string dns_label(const engine::Setup& setup) {
  std::string out;
  for (const char c : lower(fmt::format("{}-{}", setup.model->id, setup.weights->format->id)))
    out += std::isalnum(static_cast<unsigned char>(c)) ? c : '-';
  if (std::isalpha(static_cast<unsigned char>(out[0])) == 0) out.insert(0, "llm-");
  out.resize(std::min<std::size_t>(out.size(), 63));
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::string devices_of(const engine::Setup& setup) {
  std::string out;
  for (std::size_t i = 0; i < setup.devices.size();) {
    std::size_t n = 1;
    while (i + n < setup.devices.size() && setup.devices[i + n].device == setup.devices[i].device) ++n;
    out += fmt::format("{}{}x {}", out.empty() ? "" : ", ", n, setup.devices[i].device->name);
    i += n;
  }
  return out;
}

std::string resource_of(engine::Backend backend, const engine::Setup& setup) {
  if (setup.devices.empty()) return "nvidia.com/gpu";
  switch (setup.devices.front().device->vendor) {
    case catalog::Vendor::nvidia: {
      if (backend == engine::Backend::cpu) return "";
      // A MIG slice is a resource of its own.
      const std::string_view slice = mig_part(setup.devices.front().device->id);
      return slice.empty() ? "nvidia.com/gpu" : fmt::format("nvidia.com/{}", slice);
    }
    case catalog::Vendor::amd: return backend == engine::Backend::cpu ? "" : "amd.com/gpu";
    case catalog::Vendor::intel: return backend == engine::Backend::cpu ? "" : "gpu.intel.com/xe";
    default: return "";
  }
}

}  // namespace

std::string product_label(const catalog::Device& device) {
  for (const std::string_view alias : device.aliases) {
    if (alias.starts_with("NVIDIA-") || alias.starts_with("Tesla-")) return std::string(alias);
  }
  return "";
}

StartCommand Writer::run() {
  const engine::Setup& setup = e_.setup;
  c_.engine = std::string(setup.engine->id);
  c_.name = dns_label(setup);
  c_.device = devices_of(setup);
  c_.gpu_resource = resource_of(setup.backend, setup);
  if (!c_.gpu_resource.empty())
    c_.cards = static_cast<std::int64_t>(std::max<std::size_t>(setup.devices.size(), 1));
  if (!setup.devices.empty() && setup.devices.front().device == setup.devices.back().device)
    c_.gpu_product = product_label(*setup.devices.front().device);
  served_ = served_model(s_, e_);
  c_.model = served_.name;
  c_.model_is_file = served_.is_file;
  c_.model_is_there = served_.is_there;
  if (!served_.note.empty()) c_.notes.push_back(served_.note);
  switch (engine_) {
    case EngineKind::vllm: vllm(); break;
    case EngineKind::sglang: sglang(); break;
    case EngineKind::llama_cpp: llama(); break;
    case EngineKind::ollama: ollama(); break;
    case EngineKind::tensorrt_llm: trtllm(); break;
    case EngineKind::mlx: mlx(); break;
    default: throw Error(ErrorCode::unsupported, fmt::format("{} has no start command", setup.engine->name));
  }
  for (const catalog::Feature& feature : setup.engine->features) {
    const auto is_it = [&](const std::vector<std::string>& option) { return option[0] == feature.name; };
    if (lacks(feature.name) && std::any_of(c_.options.begin(), c_.options.end(), is_it))
      c_.notes.push_back(fmt::format("{}: {} is the oldest version that is known to have it", feature.name,
                                     feature.version));
  }
  return std::move(c_);
}

void Writer::write_keys() {
  std::set<std::string_view> written;
  for (const OptionRule& rule : options_of(engine_).rules) {
    if (rule.key.empty() || !written.insert(rule.key).second) continue;
    if (rule.key == "kv_unified" && !e_.setup.llama.server) continue;
    std::string text = field_text(s_, scenario_field(rule.key));
    if (text.empty()) continue;
    if (rule.key == "kv_type") text = kv_word(*e_.setup.kv_type);
    if (rule.key == "kv_type_v") text = kv_word(*e_.setup.kv_type_v);
    if (text.empty()) continue;
    const std::string name = spelled(rule, engine_);
    if (rule.takes == Takes::nothing) {
      if (text == "true") add({name});
      else if (engine_ == EngineKind::vllm || engine_ == EngineKind::llama_cpp)
        add({"--no-" + std::string(rule.names.substr(0, rule.names.find(' ')))});
    } else if (rule.takes == Takes::maybe) {
      // A switch that is off by itself until #15434.
      if (!lacks("flash_attention_value")) add({name, text == "true" ? "on" : "off"});
      else if (text == "true") add({name});
    } else {
      add({name, text});
    }
  }
}

std::string Writer::kv_word(const catalog::DType& type) const {
  if (engine_ == EngineKind::llama_cpp || engine_ == EngineKind::ollama) return std::string(type.id);
  if (type.id == "f8_e4m3") return engine_ == EngineKind::sglang ? "fp8_e4m3" : "fp8";
  if (type.id == "f8_e5m2" && engine_ != EngineKind::tensorrt_llm) return "fp8_e5m2";
  if (type.id == "i8" && engine_ == EngineKind::vllm) return "int8_per_token_head";
  if (type.id == "nvfp4" && engine_ != EngineKind::mlx) return "nvfp4";
  if (type.block == 1 && type.bytes > 1) return "";  // as the model has it
  throw Error(ErrorCode::unsupported, fmt::format("kv_type: {}'s server has no option for a KV cache in {}",
                                                  e_.setup.engine->name, type.id));
}

void Writer::write_format() {
  const std::string_view id = e_.setup.weights->format->id;
  if (!served_.quantization.empty()) {
    add({"--quantization", served_.quantization});
    // Older versions don't conclude the loader from the quantization.
    if (served_.quantization == "bitsandbytes") add({"--load-format", "bitsandbytes"});
  } else if (id == "f16") {
    add({"--dtype", "float16"});
  } else if (id == "f32") {
    add({"--dtype", "float32"});
  }
}

void Writer::write_yarn() {
  const std::int64_t native = e_.model.context_native;
  const std::int64_t context = e_.setup.context;
  const std::int64_t configured = configured_context(e_);
  if (native <= 0 || context <= configured) return;
  const std::int64_t factor = (context + native - 1) / native;
  if (engine_ == EngineKind::llama_cpp) {
    add({"--rope-scaling", "yarn"});
    add({"--rope-scale", std::to_string(factor)});
    add({"--yarn-orig-ctx", std::to_string(native)});
    return;
  }
  const bool vllm = engine_ == EngineKind::vllm;
  const auto& rope = e_.setup.model->context.rope;
  const bool nested = e_.setup.model->geometry.vision.has_value();
  const bool scaling = vllm && lacks("rope_parameters");
  if (nested && (!rope || scaling)) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format("a context of {} goes beyond the {} of {}'s config.json: {}, and no command is written "
                    "without them; {} needs none",
                    units::format_grouped(context), units::format_grouped(configured), e_.setup.model->name,
                    rope ? fmt::format("vLLM {} takes no rope_parameters for its text part", version())
                         : "which rope_parameters its text part takes is not known",
                    units::format_grouped(configured)));
  }
  nlohmann::ordered_json yarn{{"rope_type", "yarn"},
                              {"factor", static_cast<double>(factor)},
                              {"original_max_position_embeddings", native}};
  // Since Transformers 5 the override takes the place of all rotary settings, the base among them.
  if (rope && !scaling) {
    yarn["rope_theta"] = rope->theta;
    if (rope->partial_rotary_factor > 0) yarn["partial_rotary_factor"] = rope->partial_rotary_factor;
    if (!rope->mrope_section.empty()) {
      yarn["mrope_section"] = std::vector(rope->mrope_section.begin(), rope->mrope_section.end());
      yarn["mrope_interleaved"] = rope->mrope_interleaved;
    }
  }
  // SGLang takes the old name for the new settings, and its older versions know only that.
  const bool whole = rope && (nested || (vllm && !scaling));
  nlohmann::ordered_json config{{whole ? "rope_parameters" : "rope_scaling", std::move(yarn)}};
  if (nested) {
    config = {{"text_config", std::move(config)}};
    // Both derive the longest context from the outer config, which knows nothing of the factor.
    c_.environment.emplace_back(
        vllm ? "VLLM_ALLOW_LONG_MAX_MODEL_LEN" : "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN", "1");
  }
  add({vllm ? "--hf-overrides" : "--json-model-override-args", config.dump()});
}

std::string Writer::version() const {
  const catalog::Engine& engine = *e_.setup.engine;
  std::string_view named = e_.setup.engine_version;
  if (named.starts_with('v')) named.remove_prefix(1);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool release =
      std::count(named.begin(), named.end(), '.') >= 2 && digit(named.front()) && !named.ends_with('x') &&
      named.find("..") == std::string_view::npos &&
      named.find_first_not_of("0123456789.abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
  if (release) return std::string(named);
  return engine.versions.empty() ? "" : engine::version_point(engine, e_.setup.engine_version).version;
}

bool Writer::lacks(std::string_view feature) const {
  return engine::lacks(*e_.setup.engine, e_.setup.engine_version, feature) != nullptr;
}

}  // namespace qwenfit::plan
