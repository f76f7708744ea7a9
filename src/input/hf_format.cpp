// The weight format that a config.json declares: quantization_config of transformers (quant_method), of
// compressed-tensors and ModelOpt, "quantization" of MLX.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "hf_model.hpp"

namespace qwenfit::input {
namespace {

using nlohmann::json;

std::string text(const json& from, const char* key) {
  return from.is_object() && from.contains(key) && from[key].is_string() ? from[key].get<std::string>() : "";
}
std::int64_t whole(const json& from, const char* key, std::int64_t otherwise) {
  return from.is_object() && from.contains(key) && from[key].is_number_integer()
             ? from[key].get<std::int64_t>()
             : otherwise;
}
bool flag(const json& from, const char* key) {
  return from.is_object() && from.contains(key) && from[key].is_boolean() && from[key].get<bool>();
}
const json* child(const json& from, const char* key) {
  return from.is_object() && from.contains(key) && from[key].is_object() ? &from[key] : nullptr;
}

/// The object of this name, at the top or with the language model.
const json* find(const json& config, const char* key) {
  if (const json* here = child(config, key)) return here;
  for (const char* part : {"text_config", "thinker_config"}) {
    const json* inner = child(config, part);
    if (const json* there = inner ? find(*inner, key) : nullptr) return there;
  }
  return nullptr;
}

std::string bits_of(const json& q, const char* format) {
  return fmt::format("{}{}", format, whole(q, "bits", whole(q, "w_bit", 4)));
}

/// The first group of config_groups; all groups of the presets are alike.
std::string compressed(const json& q) {
  const std::string format = text(q, "format");
  if (format.starts_with("nvfp4")) return "nvfp4";
  if (format.starts_with("mxfp4")) return "mxfp4";
  const json* groups = child(q, "config_groups");
  if (!groups || groups->empty() || !groups->front().is_object()) return "";
  const json* weights = child(groups->front(), "weights");
  if (!weights) return "";
  const std::int64_t bits = whole(*weights, "num_bits", 0);
  const std::string strategy = text(*weights, "strategy");
  if (text(*weights, "type") == "float") {
    if (bits == 4) return whole(*weights, "group_size", 16) == 32 ? "mxfp4" : "nvfp4";
    return strategy == "block" ? "fp8" : strategy == "tensor" ? "fp8-tensor" : "fp8-dynamic";
  }
  if (format == "int-quantized") return "w8a8-int8";
  return fmt::format("w{}a16", bits);
}

std::string quantized_as(const json& q) {
  // The first bitsandbytes configurations do not name their method.
  const std::string method =
      flag(q, "load_in_4bit") || flag(q, "load_in_8bit") ? "bitsandbytes" : text(q, "quant_method");
  if (method == "fp8")
    return q.contains("weight_block_size") && q["weight_block_size"].is_array() ? "fp8" : "fp8-tensor";
  if (method == "gptq" || method == "gptqmodel") return bits_of(q, "gptq-int");
  if (method == "awq") return bits_of(q, "awq-int");
  if (const std::string data = text(q, "data_type"); data.starts_with("nv_fp")) return "nvfp4";
  else if (data.starts_with("mx_fp")) return bits_of(q, "mxfp");
  if (method == "auto-round" || method == "autoround")
    return bits_of(q, text(q, "packing_format").find("awq") != std::string::npos ? "awq-int" : "gptq-int");
  if (method == "bitsandbytes") return flag(q, "load_in_8bit") ? "bnb-int8" : "nf4";
  if (method == "compressed-tensors" || method == "compressed_tensors") return compressed(q);
  if (method == "modelopt" || method == "modelopt_fp4") {
    const std::string algorithm = text(q, "quant_algo");
    // Of MIXED_PRECISION the layers say what they are.
    const json* layers = child(q, "quantized_layers");
    const auto is = [&](const char* name) {
      return algorithm.find(name) != std::string::npos ||
             (layers && std::any_of(layers->begin(), layers->end(), [&](const json& layer) {
                return text(layer, "quant_algo").find(name) != std::string::npos;
              }));
    };
    if (is("FP4") || method == "modelopt_fp4") return "nvfp4";
    return is("FP8") ? "fp8-tensor" : "";
  }
  if (method == "mxfp4") return "mxfp4";
  if (method == "exl2" || method == "exl3")
    return q.contains("bits") && q["bits"].is_number()
               ? fmt::format("{}-{:.2f}bpw", method, q["bits"].get<double>())
               : "";
  return "";
}

std::string mlx(const json& q) {
  const std::string mode = text(q, "mode");
  if (!mode.empty() && mode != "affine") return fmt::format("mlx-{}", mode);
  const std::int64_t group = whole(q, "group_size", 64);
  return fmt::format("mlx-{}bit{}", whole(q, "bits", 4), group == 64 ? "" : fmt::format("-g{}", group));
}

/// "bpw" formats come in steps: the nearest.
const catalog::WeightFormat* nearest_bits(const catalog::Catalog& catalog, const std::string& name) {
  const auto dash = name.find('-');
  const auto bits = units::parse_number(name.substr(dash + 1, name.size() - dash - 4));
  const catalog::WeightFormat* best = nullptr;
  for (const catalog::WeightFormat* f : catalog.formats()) {
    if (!bits || !f->id.starts_with(name.substr(0, dash + 1))) continue;
    if (!best || std::abs(f->bits - *bits) < std::abs(best->bits - *bits)) best = f;
  }
  return best;
}

}  // namespace

const catalog::WeightFormat* format_of_config(const catalog::Catalog& catalog, const std::string& path,
                                              const std::string& config_text) {
  const json config = json::parse(config_text, nullptr, false);
  const json* q = find(config, "quantization_config");
  const json* m = find(config, "quantization");
  if (!q && !m) return nullptr;
  // MLX writes both keys, with the same contents.
  const bool unnamed = q && text(*q, "quant_method").empty() && q->contains("bits");
  const std::string name = m ? mlx(*m) : unnamed ? mlx(*q) : quantized_as(*q);
  if (name.ends_with("bpw")) {
    if (const catalog::WeightFormat* format = nearest_bits(catalog, name)) return format;
  }
  if (const catalog::WeightFormat* format = catalog.format(name)) return format;
  throw Error(ErrorCode::unsupported,
              fmt::format("{}: is quantized by '{}'{}, which is none of the formats that are known: "
                          "-f names one to count with",
                          path, q ? text(*q, "quant_method") : "mlx",
                          name.empty() ? "" : fmt::format(" as {}", name)));
}

}  // namespace qwenfit::input
