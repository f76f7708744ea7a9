#include "work.hpp"

#include <algorithm>
#include <cmath>

#include "format/per_weights.hpp"
#include "qwenfit/model.hpp"

namespace qwenfit::speed {
namespace {

using catalog::Device;
using format::TypedTensor;
using model::LayerKind;
using model::Part;
using model::Role;

/// Data sheets of Apple's GPUs name no matrix rate: half precision runs at the rate of single there. Cards
/// before Volta whose half precision is a token (1/64) are used in single. Where nothing is named at all, 60
/// operations a byte of bandwidth is what the other unified-memory machines have, 20 what processors have.
double nominal_flops(const Device& d) {
  double tflops = d.fp32_tflops.value_or(0);
  for (const auto& half : {d.bf16_tflops, d.fp16_fp32acc_tflops, d.fp16_tflops}) {
    if (!half) continue;
    tflops = std::max(tflops, *half);
    break;
  }
  const bool processor = d.device_class == catalog::DeviceClass::cpu;
  return tflops > 0 ? tflops * 1e12 : d.bandwidth_gb_s.value_or(50) * 1e9 * (processor ? 20 : 60);
}

/// Bandwidth at which half of a processor's is lost to what threads wait for each other and to memory that
/// hangs on another node. Nobody measured it: an assumption, cautious for servers with many channels.
constexpr double kProcessorKnee = 400;

/// Whether its peers hang on links of their own. A bridge is an accessory that few cards share: not assumed.
bool linked(const Device& d) {
  return d.interconnect.gb_s_per_gpu && !d.interconnect.type.ends_with("bridge");
}

/// Bytes a second that one device exchanges with its peers: half of what is named both ways; else those of
/// its PCIe slot, 4.0 x16 where that is not known.
double link_bytes(const Device& d) {
  if (linked(d)) return *d.interconnect.gb_s_per_gpu / 2 * 1e9;
  return 0.985e9 * d.pcie_lanes.value_or(16) * std::exp2(d.pcie_gen.value_or(4) - 3);
}

bool routed(Role role) {
  return role == Role::expert_gate || role == Role::expert_up || role == Role::expert_down;
}

/// Expected share of the experts that `tokens` tokens reach: 1 - (1 - k/E)^tokens.
double reached(const catalog::Geometry& g, double tokens) {
  if (!g.moe) return 1;
  const double share = static_cast<double>(g.moe->experts_per_token) / g.moe->experts;
  return 1 - std::pow(1 - share, tokens);
}

/// The same where routers have favourites, with popularities that spread exponentially. Were all experts
/// alike, a DGX Spark would read those of 16 sequences faster than its memory can.
double surely_reached(const catalog::Geometry& g, double tokens) {
  if (!g.moe) return 1;
  const double chosen = g.moe->experts_per_token;
  return chosen * tokens / (g.moe->experts - chosen + chosen * tokens);
}

struct Parallel {
  double cut = 1;          ///< devices that share each layer
  double experts_cut = 1;  ///< devices that share its experts
  double copies = 1;       ///< copies of the rest whose tokens meet at these experts
};

Parallel parallel_of(const engine::Setup& setup) {
  Parallel p;
  const auto n = static_cast<double>(std::max<std::size_t>(1, setup.devices.size()));
  if (setup.engine->id == "llama.cpp" || setup.engine->id == "ollama" || setup.engine->id == "lmstudio") {
    const bool shared = setup.llama.split_mode == engine::SplitMode::row ||
                        setup.llama.split_mode == engine::SplitMode::tensor;
    if (shared) p.cut = n;
  } else if (setup.data_parallel <= 1) {
    p.cut = std::clamp<double>(std::max(setup.tensor_parallel, setup.expert_parallel), 1, n);
  } else {
    // Experts are spread over the copies of all that is beside them.
    p.cut = std::clamp<double>(setup.tensor_parallel, 1, n);
    p.experts_cut = std::clamp<double>(setup.expert_parallel, p.cut, n);
    p.copies = std::clamp<double>(p.experts_cut / p.cut, 1, setup.data_parallel);
    return p;
  }
  p.experts_cut = p.cut;
  return p;
}

/// Kernels of a layer, roughly: what is not fused by any engine.
double kernels_of(const catalog::Geometry& g, LayerKind kind) {
  return (kind == LayerKind::full_attention ? 9.0 : 13.0) + (g.moe ? 9.0 : 4.0);
}

/// Of them, those of experts alone: three products, their activation, and the sum of the chosen ones.
constexpr double kExpertKernels = 5;

/// What is read and multiplied of one layer, or of the ends of the model.
struct Mass {
  double bytes = 0;
  double elements = 0;  ///< of matrices
  void add(const TypedTensor& t) {
    bytes += static_cast<double>(t.total());
    if (!t.tensor.is_vector) elements += static_cast<double>(t.tensor.elements());
  }
};

/// The text part of the weights, added up once per file.
struct Masses {
  struct Layer {
    Mass rest;
    Mass routed;  ///< experts that the router chooses from
  };
  std::vector<Layer> layers;
  Mass head;  ///< a tied one is the embedding, read as a matrix
  Mass ends;  ///< of no layer, beside embedding and head
};

Masses add_up(const format::Weights& weights) {
  Masses out;
  out.layers.resize(static_cast<std::size_t>(weights.model->geometry.layers));
  bool head = false;
  const TypedTensor* embedding = nullptr;
  for (const TypedTensor& t : weights.tensors) {
    if (t.tensor.part != Part::text) continue;
    if (t.tensor.role == Role::token_embedding) {
      embedding = &t;
      continue;
    }
    if (t.stored_copy) continue;
    const auto layer = static_cast<std::size_t>(t.tensor.layer);
    if (t.tensor.role == Role::output) {
      head = true;
      out.head.add(t);
    } else if (t.tensor.layer < 0 || layer >= out.layers.size()) {
      out.ends.add(t);
    } else {
      (routed(t.tensor.role) ? out.layers[layer].routed : out.layers[layer].rest).add(t);
    }
  }
  if (!head && embedding && !weights.model->geometry.headless) out.head.add(*embedding);
  return out;
}

class Walk {
 public:
  /// @param tokens in one forward pass. @param head_tokens of them whose logits are wanted.
  Walk(const engine::Setup& setup, const engine::MemoryPlan& plan, double tokens, double head_tokens)
      : setup_(setup), plan_(plan), g_(setup.model->geometry), parallel_(parallel_of(setup)) {
    thread_local format::PerWeights<const Masses> kept;
    const std::shared_ptr<const Masses> masses = kept.of(setup.weights, add_up);
    const double met = tokens * parallel_.copies;
    const double share = reached(g_, met);
    work.surely = surely_reached(g_, met) / share;
    const double chosen = g_.moe ? static_cast<double>(g_.moe->experts_per_token) / g_.moe->experts : 1;
    for (std::size_t i = 0; i < masses->layers.size(); ++i) {
      const engine::LayerPlace place = i < plan.layers.size() ? plan.layers[i] : engine::LayerPlace{};
      add(masses->layers[i].rest, 1, tokens, place.device, parallel_.cut);
      add(masses->layers[i].routed, share, met * chosen, place.experts_on_host ? -1 : place.device,
          parallel_.experts_cut);
    }
    add(masses->ends, 1, tokens, 0, parallel_.cut);
    add(masses->head, 1, head_tokens, plan.output_device, parallel_.cut);
    structure(tokens);
  }

  Work work;

 private:
  const Device& device_at(int index) const {
    const auto last = static_cast<int>(setup_.devices.size()) - 1;
    return *setup_.devices[static_cast<std::size_t>(std::clamp(index, 0, last))].device;
  }

  /// @param share of it that is read. @param device that holds it; -1: the host. @param cut devices that
  /// share it
  void add(const Mass& mass, double share, double tokens, int device, double cut) {
    const double bytes = mass.bytes * share;
    if (device < 0) {
      work.host_s += bytes / (setup_.host.bandwidth_gb_s * 1e9);
      return;
    }
    if (device != rates_of_) {
      rates_of_ = device;
      const Device& d = device_at(device);
      bytes_s_ = reached_bandwidth(d);
      flops_ = nominal_flops(d);
    }
    work.weights_s += bytes / (bytes_s_ * cut);
    work.compute_s += 2 * mass.elements * tokens / (flops_ * cut);
  }

  void structure(double tokens) {
    double switches = 0;
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      const bool experts_away = plan_.layers[i].experts_on_host && plan_.layers[i].device >= 0;
      if (experts_away) switches += 2;
      else if (i > 0 && (plan_.layers[i].device < 0) != (plan_.layers[i - 1].device < 0)) switches += 1;
    }
    work.host_switches = switches;
    for (std::size_t i = 0; i < setup_.weights->layers.size(); ++i) {
      const double all = kernels_of(g_, setup_.weights->layers[i]);
      const engine::LayerPlace place = i < plan_.layers.size() ? plan_.layers[i] : engine::LayerPlace{};
      const double away = place.device < 0 ? all : place.experts_on_host ? kExpertKernels : 0;
      work.host_kernels += away;
      work.kernels += all - away;
    }
    work.kernels += 3;
    if (const double cut = std::max(parallel_.cut, parallel_.experts_cut); cut > 1) {
      const double reductions = 2.0 * g_.layers + 1;
      (linked(device_at(0)) ? work.reductions : work.bus_reductions) = reductions;
      const double ring = 2 * (cut - 1) / cut;
      work.reduced_s = reductions * ring * tokens * g_.hidden_size * 2 / link_bytes(device_at(0));
    }
  }

  const engine::Setup& setup_;
  const engine::MemoryPlan& plan_;
  const catalog::Geometry& g_;
  Parallel parallel_;
  int rates_of_ = -1;  ///< the device whose rates these are
  double bytes_s_ = 1;
  double flops_ = 1;
};

double cache_bytes_per_token(const engine::Setup& setup) {
  const auto elements = static_cast<double>(model::kv_elements_per_token(*setup.model));
  const auto of = [](const catalog::DType& type) { return static_cast<double>(type.bytes) / type.block; };
  return elements / 2 * (of(*setup.kv_type) + of(*setup.kv_type_v));
}

/// What becomes of the prompts of new requests while others decode.
enum class Prompts : std::uint8_t {
  wait,     ///< nothing that is known
  between,  ///< passes of their own between two steps: SGLang, unless --enable-mixed-chunk
  within,   ///< tokens of the next step: chunked prefill of vLLM, in-flight batching of TensorRT-LLM
};

Prompts prompts_of(const engine::Setup& setup) {
  const std::string_view id = setup.engine->id;
  return id == "sglang"                         ? Prompts::between
         : id == "vllm" || id == "tensorrt-llm" ? Prompts::within
                                                : Prompts::wait;
}

/// 4 operations a query head, key and value of its width, in every layer with a KV cache.
double attention_flops(const engine::Setup& setup, double pairs) {
  const catalog::Geometry& g = setup.model->geometry;
  return 4.0 * pairs * g.heads * g.head_dim * model::kv_layers(*setup.model);
}

}  // namespace

double reached_bandwidth(const Device& d) {
  const double nominal = d.bandwidth_gb_s.value_or(1);
  const bool processor = d.device_class == catalog::DeviceClass::cpu;
  return (processor ? nominal / (1 + nominal / kProcessorKnee) : nominal) * 1e9;
}

double least_seconds(const engine::Setup& setup, const Work& work, bool prompt) {
  // State that is kept in 16 bit is half as long to read.
  if (!prompt) {
    // What is assumed of processors is no bound.
    const Device& d = *setup.devices.front().device;
    const double assumed = reached_bandwidth(d) / (d.bandwidth_gb_s.value_or(1) * 1e9);
    return (work.weights_s * work.surely + work.cache_s + work.state_s / 2) * assumed;
  }
  const bool fp4 = setup.weights->format->id.find("fp4") != std::string_view::npos;
  return (work.compute_s + work.attention_s) / (fp4 ? 4 : 2);
}

double cut_of(const engine::Setup& setup) {
  return parallel_of(setup).cut;
}

double batch_of(const engine::Setup& setup, const engine::MemoryPlan& plan) {
  auto running = static_cast<double>(setup.concurrency);
  if (plan.pool) {
    const std::int64_t held = plan.pool->sequences(setup.prompt_tokens + setup.output_tokens / 2);
    if (held > 0) running = std::min(running, static_cast<double>(held));
  }
  return std::max(1.0, running / std::max(1, setup.data_parallel));
}

std::string why_unknown(const engine::Setup& setup) {
  if (setup.devices.empty()) return "no device is given";
  for (const engine::DeviceSlot& slot : setup.devices) {
    if (!slot.device->bandwidth_gb_s)
      return "no bandwidth figure is known for " + std::string(slot.device->name);
  }
  return "";
}

Work decode_work(const engine::Setup& setup, const engine::MemoryPlan& plan) {
  const double batch = batch_of(setup, plan);
  Work w = Walk(setup, plan, batch, batch).work;
  const Parallel parallel = parallel_of(setup);
  const Device& d = *setup.devices.front().device;
  const double depth =
      static_cast<double>(setup.prompt_tokens) + static_cast<double>(setup.output_tokens) / 2;
  const catalog::Geometry& g = setup.model->geometry;
  // Tensor parallelism past the KV heads copies them.
  const double cache_cut = std::min(parallel.cut, static_cast<double>(std::max(1, g.kv_heads)));
  w.cache_s = batch * depth * cache_bytes_per_token(setup) / (reached_bandwidth(d) * cache_cut);
  const model::RecurrentState state = model::recurrent_state(*setup.model);
  // Read and written, mostly in 32 bit.
  w.state_s = batch * 2 * 4 * static_cast<double>(state.conv_elements + state.state_elements) /
              (reached_bandwidth(d) * parallel.cut);
  w.attention_s = attention_flops(setup, batch * depth) / (nominal_flops(d) * parallel.cut);
  const Prompts others = prompts_of(setup);
  if (batch > 1 && others != Prompts::wait && setup.prompt_tokens > 0) {
    // Each of the others ends once in its output, and another prompt takes its place.
    const Work prompt = prefill_work(setup, plan);
    const double a_step = (batch - 1) / static_cast<double>(std::max<std::int64_t>(1, setup.output_tokens));
    w.prompts_s = (prompt.compute_s + 2 * prompt.attention_s + prompt.reduced_s) * a_step;
    // They come when others happen to end, and those that come together are worked off together. No graph is
    // captured of such a pass, its kernels are launched one by one.
    const double steps_with_prompts = -std::expm1(-a_step * prompt.passes);
    w.prompt_kernels = steps_with_prompts * prompt.kernels / prompt.passes;
    if (others == Prompts::within) w.mixed = steps_with_prompts;
  }
  return w;
}

Work prefill_work(const engine::Setup& setup, const engine::MemoryPlan& plan) {
  const auto prompt = static_cast<double>(setup.prompt_tokens);
  double chunk = 2048;
  const std::string_view id = setup.engine->id;
  if (id == "llama.cpp" || id == "ollama" || id == "lmstudio") chunk = setup.llama.ubatch;
  else if (id == "vllm" && setup.serving.max_num_batched_tokens)
    chunk = *setup.serving.max_num_batched_tokens;
  else if (id == "sglang" && setup.serving.chunked_prefill_size) chunk = *setup.serving.chunked_prefill_size;
  else if (id == "transformers") chunk = prompt;
  chunk = std::clamp(chunk, 1.0, prompt);
  Work w = Walk(setup, plan, chunk, 1).work;
  const double passes = std::ceil(prompt / chunk);
  const double work = prompt / chunk;
  const Device& d = *setup.devices.front().device;
  const Parallel parallel = parallel_of(setup);
  w.passes = passes;
  w.weights_s *= passes;
  w.host_s *= passes;
  w.host_switches *= passes;
  w.host_kernels *= passes;
  w.kernels *= passes;
  w.reductions *= passes;
  w.bus_reductions *= passes;
  w.compute_s *= work;
  w.reduced_s *= work;
  w.attention_s = attention_flops(setup, prompt * prompt / 2) / (nominal_flops(d) * parallel.cut);
  return w;
}

}  // namespace qwenfit::speed
