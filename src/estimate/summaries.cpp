#include <fmt/format.h>

#include <algorithm>

#include "answers.hpp"

namespace qwenfit {
namespace {

constexpr std::string_view kExtra = "scales";

std::string kv_name(const catalog::DType& type) {
  if (type.id == "f8_e4m3") return "fp8";
  return std::string(type.id);
}

std::string_view split_mode_name(engine::SplitMode mode) {
  switch (mode) {
    case engine::SplitMode::layer: return "layer";
    case engine::SplitMode::row: return "row";
    case engine::SplitMode::tensor: return "tensor";
    case engine::SplitMode::none: return "none";
  }
  return "?";
}

template <class T>
void fill(std::optional<T>& target, T value) {
  if (!target) target = std::move(value);
}

}  // namespace

Scenario filled_in(const Scenario& scenario, const engine::Setup& setup) {
  Scenario s = scenario;
  // A model on this machine keeps its path: its id may mean nothing elsewhere.
  if (setup.catalog->model(setup.model->id) == setup.model) s.model = std::string(setup.model->id);
  s.format = std::string(setup.weights->format->id);
  s.engine = std::string(setup.engine->id);
  fill(s.engine_version, setup.engine_version);
  if (s.engine_version->empty()) s.engine_version.reset();
  s.devices.clear();
  for (const engine::DeviceSlot& slot : setup.devices) {
    const std::optional<double> free = slot.free ? std::optional(units::to_gib(*slot.free)) : std::nullopt;
    if (!s.devices.empty() && s.devices.back().name == slot.device->id && s.devices.back().free_gib == free)
      ++s.devices.back().count;
    else s.devices.push_back({std::string(slot.device->id), 1, free});
  }
  if (s.devices.size() == 1) s.device_count = s.devices.front().count;
  if (!setup.devices.empty()) {
    s.backend = std::string(engine::backend_name(setup.backend));
    s.host = HostRequest{setup.host.name, setup.host.bandwidth_gb_s, std::nullopt};
    if (setup.host.memory) s.host->memory_gib = units::to_gib(*setup.host.memory);
  }
  s.tensor_parallel = setup.tensor_parallel;
  s.pipeline_parallel = setup.pipeline_parallel;
  s.expert_parallel = setup.expert_parallel;
  s.data_parallel = setup.data_parallel;
  s.context = setup.context;
  s.concurrency = setup.concurrency;
  s.prompt_tokens = setup.prompt_tokens;
  s.output_tokens = setup.output_tokens;
  s.kv_type = kv_name(*setup.kv_type);
  s.kv_type_v = kv_name(*setup.kv_type_v);
  s.train = setup.train;
  if (s.method == Method::quick) return s;  // it knows no engine
  const std::string_view id = setup.engine->id;
  if (id == "llama.cpp" || id == "ollama" || id == "lmstudio") {
    const engine::LlamaOptions& l = setup.llama;
    s.ubatch = l.ubatch;
    s.batch = l.batch;
    s.flash_attention = l.flash_attention;
    s.split_mode = std::string(split_mode_name(l.split_mode));
    s.cpu_moe_layers = l.cpu_moe_layers;
    if (l.gpu_layers) s.gpu_layers = *l.gpu_layers;
    if (l.parallel_slots) s.parallel_slots = *l.parallel_slots;
    s.kv_unified = l.kv_unified;
    s.mmproj = l.mmproj;
    s.program = l.server ? "server" : "cli";
  } else {
    const engine::ServingOptions& v = setup.serving;
    s.gpu_memory_utilization = v.gpu_memory_utilization;
    if (v.max_num_seqs) s.max_num_seqs = *v.max_num_seqs;
    if (v.max_num_batched_tokens) s.max_num_batched_tokens = *v.max_num_batched_tokens;
    s.mem_fraction_static = v.mem_fraction_static;
    if (v.chunked_prefill_size) s.chunked_prefill_size = *v.chunked_prefill_size;
    if (v.max_running_requests) s.max_running_requests = *v.max_running_requests;
    if (v.block_size) s.block_size = *v.block_size;
    if (v.page_size) s.page_size = *v.page_size;
    if (v.cuda_graph_max_bs) s.cuda_graph_max_bs = *v.cuda_graph_max_bs;
    s.enable_prefix_caching = v.prefix_caching;
    s.mamba_cache_mode = v.mamba_cache_mode;
    s.mamba_ssm_dtype = v.mamba_ssm_dtype;
    s.mamba_full_memory_ratio = v.mamba_full_memory_ratio;
  }
  return s;
}

std::int64_t longest_context(const catalog::Model& model, const catalog::Variant* variant) {
  const std::int64_t native =
      variant ? variant->context_native.value_or(model.context.native) : model.context.native;
  return std::max<std::int64_t>({native, model.context.configured, model.context.extended.value_or(0)});
}

ModelSummary summarize_model(const catalog::Model& model, const catalog::Variant* variant) {
  const model::ParameterCount n =
      model::count_parameters(model::build_inventory(model, model::Layout::checkpoint));
  const std::int64_t native =
      variant ? variant->context_native.value_or(model.context.native) : model.context.native;
  return {n.total,
          n.active,
          model::kv_layers(model),
          model.geometry.layers,
          native,
          longest_context(model, variant)};
}

WeightSummary summarize_weights(const format::Weights& weights) {
  WeightSummary out{};
  Bytes extra = 0;
  std::int64_t elements = 0;
  for (const format::TypedTensor& t : weights.tensors) {
    const std::string_view type = t.type->id;
    auto it = std::find_if(out.by_type.begin(), out.by_type.end(),
                           [&](const TypeBytes& b) { return b.type == type; });
    if (it == out.by_type.end()) it = out.by_type.insert(out.by_type.end(), {type, 0});
    it->bytes += t.bytes;
    extra += t.extra;
    elements += t.tensor.elements();
    out.bytes += t.total();
  }
  std::sort(out.by_type.begin(), out.by_type.end(),
            [](const TypeBytes& a, const TypeBytes& b) { return a.bytes > b.bytes; });
  if (extra > 0) out.by_type.push_back({kExtra, extra});
  out.file_bytes = weights.file_bytes;
  out.bits_per_weight = elements > 0 ? static_cast<double>(out.bytes) * 8 / static_cast<double>(elements) : 0;
  out.exact = weights.exact;
  return out;
}

KvSummary summarize_kv(const engine::Setup& setup) {
  const catalog::Model& model = *setup.model;
  const model::RecurrentState state = model::recurrent_state(model);
  const int layers = model::kv_layers(model);
  const std::int64_t width = std::int64_t{model.geometry.kv_heads} * model.geometry.head_dim;
  const Bytes per_token = layers * (format::tensor_bytes(*setup.kv_type, 1, width) +
                                    format::tensor_bytes(*setup.kv_type_v, 1, width));
  return {per_token, per_token * setup.context, (state.conv_elements + state.state_elements) * 4, layers};
}

void add_context_notes(Estimate& e) {
  if (e.setup.train) return;
  if (const std::int64_t work = e.setup.prompt_tokens + e.setup.output_tokens; work > e.setup.context) {
    e.notes.push_back(fmt::format("prompt and output have {} tokens together, more than the context of {}",
                                  units::format_grouped(work), units::format_grouped(e.setup.context)));
  }
  const catalog::Context& c = e.setup.model->context;
  const std::int64_t asked = e.setup.context;
  const std::int64_t reach = e.model.context_longest;
  // Qwen3 is configured for some tokens more than it was trained on, without any extension.
  const bool extends = c.extended && *c.extended > c.configured;
  const std::int64_t plain =
      extends ? std::max<std::int64_t>(e.model.context_native, c.configured) : e.model.context_native;
  if (asked > reach) {
    e.notes.push_back(fmt::format("a context of {} is beyond what {} was made for: {} tokens{}{}",
                                  units::format_grouped(asked), e.setup.model->name,
                                  units::format_grouped(reach), c.method.empty() ? "" : ", with ", c.method));
  } else if (asked > plain) {
    e.notes.push_back(fmt::format(
        "a context of {} goes beyond the native {}: {} {}", units::format_grouped(asked),
        units::format_grouped(e.model.context_native),
        c.method.empty() ? "the configuration allows" : fmt::format("it takes {}, which reaches", c.method),
        units::format_grouped(reach)));
  }
}

}  // namespace qwenfit
