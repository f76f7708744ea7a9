// A row of llama-bench as a scenario: llama.cpp's tools/llama-bench has the meaning of its fields.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "bench.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::measure {
namespace {

constexpr std::int64_t kMostTokens = std::int64_t{1} << 30;

std::string_view text_of(const LlamaBenchRecord& record, std::string_view field) {
  const auto it = record.find(field);
  return it == record.end() ? std::string_view() : std::string_view(it->second);
}

/// A whole number from `least` up; nothing where the field is missing.
std::optional<std::int64_t> count_of(const LlamaBenchRecord& record, std::string_view field,
                                     const std::string& where, std::int64_t least, std::int64_t most) {
  const std::string_view text = text_of(record, field);
  if (text.empty()) return std::nullopt;
  const auto value = units::parse_number(text);
  if (!value || *value != std::floor(*value) || *value < static_cast<double>(least) ||
      *value > static_cast<double>(most))
    throw Error(ErrorCode::bad_input, fmt::format("{}: {}: '{}' is not a whole number from {} to {}", where,
                                                  field, text.substr(0, 40), least, most));
  return static_cast<std::int64_t>(*value);
}

bool flag_of(const LlamaBenchRecord& record, std::string_view field) {
  const std::string_view text = text_of(record, field);
  return text == "1" || text == "true";
}

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto at = text.find(separator);
    out.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) break;
    text.remove_prefix(at + separator.size());
  }
  return out;
}

std::string label_of(std::int64_t prompt, std::int64_t gen, std::int64_t depth) {
  std::string out = prompt > 0 ? fmt::format("pp{}", prompt) : "";
  if (gen > 0) out += fmt::format("{}tg{}", out.empty() ? "" : "+", gen);
  if (depth > 0) out += fmt::format(" @ d{}", depth);
  return out;
}

struct BackendName {
  std::string_view part;  ///< of the name of llama.cpp's backend, in lower case
  std::string_view key;
};
constexpr std::array kBackends{BackendName{"cuda", "cuda"},   BackendName{"rocm", "rocm"},
                               BackendName{"hip", "rocm"},    BackendName{"vulkan", "vulkan"},
                               BackendName{"metal", "metal"}, BackendName{"mtl", "metal"},
                               BackendName{"sycl", "sycl"},   BackendName{"cann", "cann"}};
/// Libraries that the processor's backend calculates with.
constexpr std::array<std::string_view, 4> kOnProcessor{"cpu", "blas", "accelerate", "zendnn"};

/// Sets the backend. @return why it can't be said
std::string set_backend(const LlamaBenchRecord& record, Scenario& scenario) {
  if (text_of(record, "devices") == "none") {
    scenario.backend = "cpu";
    return "";
  }
  // Older builds had a flag for each; that of CUDA was set for ROCm too, so the card decides.
  if (text_of(record, "backends").empty() && !text_of(record, "gpu_blas").empty()) {
    if (!flag_of(record, "gpu_blas")) scenario.backend = "cpu";
    for (const char* name : {"vulkan", "metal", "sycl"}) {
      if (flag_of(record, name)) scenario.backend = name;
    }
    return flag_of(record, "rpc") ? "it ran on other machines too (RPC)" : "";
  }
  bool processor = false;
  for (const std::string& name : split(text_of(record, "backends"), ",")) {
    std::string folded = catalog::fold_name(name);
    if (folded == "rpc") return "it ran on other machines too (RPC)";
    const auto* const known = std::find_if(kBackends.begin(), kBackends.end(), [&](const BackendName& b) {
      return folded.find(b.part) != std::string::npos;
    });
    if (known != kBackends.end()) {
      scenario.backend = std::string(known->key);
      return "";
    }
    if (std::find(kOnProcessor.begin(), kOnProcessor.end(), folded) == kOnProcessor.end())
      return fmt::format("there is no model of the backend '{}'", name.substr(0, 40));
    processor = true;
  }
  if (processor) scenario.backend = "cpu";
  return "";
}

/// What of the placement and the graph is a key of the contract. @return why it can't be said
std::string set_options(const LlamaBenchRecord& record, const std::string& where, Scenario& s) {
  if (flag_of(record, "no_kv_offload")) return "its KV cache was kept off the card (-nkvo)";
  if (flag_of(record, "embeddings")) return "it measured embeddings";
  if (flag_of(record, "no_op_offload")) return "prompts were kept off the card (-nopo)";
  const std::string_view overrides = text_of(record, "tensor_buft_overrides");
  if (!overrides.empty() && overrides != "none") return "tensors were placed by name (-ot)";
  const auto count = [&](const char* field, std::int64_t least, std::int64_t most) {
    return count_of(record, field, where, least, most);
  };
  s.batch = count("n_batch", 1, 1 << 24);
  s.ubatch = count("n_ubatch", 1, 1 << 24);
  if (const auto fa = count("flash_attn", -1, 1); fa.value_or(-1) >= 0) s.flash_attention = *fa == 1;
  const std::string_view k = text_of(record, "type_k");
  const std::string_view v = text_of(record, "type_v");
  if (!k.empty()) s.kv_type = std::string(k.substr(0, 40));
  if (!v.empty() && v != (k.empty() ? "f16" : k)) s.kv_type_v = std::string(v.substr(0, 40));
  if (s.backend == "cpu") return "";
  // -1 and 99 are all layers, which is what the engine does by itself where they fit.
  if (const auto ngl = count("n_gpu_layers", -2, 1 << 20); ngl.value_or(-1) >= 0) s.gpu_layers = ngl;
  if (const auto moe = count("n_cpu_moe", 0, 1 << 20); moe.value_or(0) > 0) s.cpu_moe_layers = moe;
  const std::string_view mode = text_of(record, "split_mode");
  if (!mode.empty() && mode != "layer") s.split_mode = std::string(mode.substr(0, 40));
  const std::vector<std::string> shares = split(text_of(record, "tensor_split"), "/");
  if (shares.size() > 1 && shares.size() <= 256) {
    for (const std::string& share : shares) s.tensor_split.push_back(units::parse_number(share).value_or(0));
  }
  return "";
}

/// The file's own words for its type, as a format: "Q4_K - Medium" is q4_k_m. What llama.cpp guessed says
/// nothing.
std::string format_of(std::string_view model_type) {
  if (model_type.find("(guessed)") != std::string_view::npos) return "";
  std::string_view type;
  for (const std::string_view start : {" Q", " IQ", " TQ", " F16", " BF16", " all F32", " MXFP4", " NVFP4"}) {
    if (const auto at = model_type.rfind(start); at != std::string_view::npos && at + 1 > 0) {
      const std::string_view found = model_type.substr(at + 1);
      if (type.empty() || found.size() > type.size()) type = found;
    }
  }
  if (type == "all F32") return "f32";
  if (type.starts_with("MXFP4")) return "mxfp4_moe";
  if (type.starts_with("IQ3_S mix")) return "iq3_m";
  std::string name(type.substr(0, type.find(' ')));
  if (type.ends_with("- Small")) name += "_s";
  if (type.ends_with("- Medium")) name += "_m";
  if (type.ends_with("- Large")) name += "_l";
  return name;
}

/// The cards that held the model.
std::vector<std::string> cards_of(const LlamaBenchRecord& record, const Scenario& scenario) {
  std::vector<std::string> cards = split(text_of(record, "gpu_info"), ", ");
  const auto main = units::parse_number(text_of(record, "main_gpu")).value_or(0);
  if (scenario.split_mode == "none" && main >= 0 && main < static_cast<double>(cards.size()))
    return {cards[static_cast<std::size_t>(main)]};
  const std::string_view devices = text_of(record, "devices");
  // A choice by the backend's names can't be followed to the names of cards.
  if (!devices.empty() && devices != "auto" && split(devices, "/").size() != cards.size()) return {};
  return cards;
}

}  // namespace

void add_llama_bench_row(const LlamaBenchRecord& record, const std::string& where, Bench& bench) {
  bench.tool = "llama-bench";
  const auto tokens = [&](const char* field) {
    return count_of(record, field, where, 0, kMostTokens).value_or(0);
  };
  const std::int64_t prompt = tokens("n_prompt");
  const std::int64_t gen = tokens("n_gen");
  const std::int64_t depth = tokens("n_depth");
  BenchRow row;
  row.label = label_of(prompt, gen, depth);
  const auto speed = units::parse_number(text_of(record, "avg_ts"));
  if (!speed || !(*speed > 0) || *speed > kFastest)
    throw Error(ErrorCode::bad_input, fmt::format("{}: avg_ts: '{}' is not a speed", where,
                                                  text_of(record, "avg_ts").substr(0, 40)));
  row.tok_s = *speed;
  Scenario& s = row.scenario;
  s.engine = "llama.cpp";
  s.program = "cli";
  std::string why;
  if (prompt > 0 && gen > 0) why = "a prompt and its answer are one figure";
  if (prompt == 0 && gen == 0) why = "it measured nothing";
  if (prompt > 0 && depth > 0) why = "speeds of prompts are predicted from an empty cache, not at a depth";
  if (why.empty()) why = set_backend(record, s);
  if (why.empty()) why = set_options(record, where, s);
  if (!why.empty()) {
    bench.left_out.push_back({row.label, why});
    return;
  }
  row.prefill = prompt > 0;
  s.prompt_tokens = row.prefill ? prompt : depth;
  s.output_tokens = std::max<std::int64_t>(gen, 1);
  s.context = prompt + gen + depth;
  row.model_path = text_of(record, "model_filename").substr(0, 4096);
  row.model_type = text_of(record, "model_type").substr(0, 256);
  if (std::string format = format_of(row.model_type); !format.empty()) s.format = std::move(format);
  row.parameters = count_of(record, "model_n_params", where, 0, units::kMaxCount);
  row.weights = count_of(record, "model_size", where, 0, units::kMaxCount);
  if (s.backend != "cpu") row.gpus = cards_of(record, s);
  if (row.gpus.size() > 64) row.gpus.clear();
  row.date = text_of(record, "test_time").substr(0, 10);
  bench.rows.push_back(std::move(row));
}

}  // namespace qwenfit::measure
