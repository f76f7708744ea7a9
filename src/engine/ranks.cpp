// Ranks and pipeline stages: which card holds which layers.
#include <fmt/format.h>

#include <algorithm>

#include "qwenfit/error.hpp"
#include "sharding.hpp"

namespace qwenfit::engine {
namespace {

bool heads_divide(const catalog::Geometry& g, int tp) {
  if (g.heads % tp != 0) return false;
  if (g.kv_heads % tp != 0 && tp % g.kv_heads != 0) return false;
  const auto& linear = g.linear_attention;
  return !linear || (linear->key_heads % tp == 0 && linear->value_heads % tp == 0);
}

/// Columns of the narrowest matrix that tensor parallelism slices: of an expert, or of the MLP.
int sliced_width(const Setup& setup, int tp) {
  const catalog::Geometry& g = setup.model->geometry;
  if (g.moe) return setup.expert_parallel > 1 ? g.moe->expert_width : g.moe->expert_width / tp;
  return g.intermediate_size / tp;
}

/// FP8 scales stand for blocks of 128 x 128, which a slice must hold whole (fp8_utils.py, fp8.py).
bool blocks_divide(const Setup& setup, int tp) {
  const catalog::WeightFormat& format = *setup.weights->format;
  if (format.scheme != catalog::Scheme::fp8_block || tp == 1) return true;
  return sliced_width(setup, tp) % format.group_size == 0;
}

bool divides(const Setup& setup, int tp) {
  return heads_divide(setup.model->geometry, tp) && blocks_divide(setup, tp);
}

std::string dividing_sizes(const Setup& setup) {
  std::string out;
  for (int tp = 1; tp <= setup.model->geometry.heads; ++tp) {
    if (divides(setup, tp)) out += fmt::format("{}{}", out.empty() ? "" : ", ", tp);
  }
  return out;
}

}  // namespace

std::string why_indivisible(const Setup& setup, int tp) {
  if (!heads_divide(setup.model->geometry, tp))
    return fmt::format("the heads of {} do not divide by {}", setup.model->name, tp);
  if (!blocks_divide(setup, tp))
    return fmt::format("over {} ranks a slice of {} has {} columns, which blocks of {} do not divide", tp,
                       setup.model->name, sliced_width(setup, tp), setup.weights->format->group_size);
  return "";
}

Ranks ranks_of(const Setup& setup) {
  return {std::max(1, setup.tensor_parallel), setup.pipeline_parallel, setup.data_parallel};
}

void place_ranks(Setup& setup) {
  const catalog::Geometry& g = setup.model->geometry;
  const auto cards = static_cast<int>(setup.devices.size());
  if (setup.tensor_parallel == 0) {
    const int share = std::max(1, cards / (setup.pipeline_parallel * setup.data_parallel));
    setup.tensor_parallel = 1;
    for (int tp = 1; tp <= std::min(share, g.heads); ++tp) {
      if (share % tp == 0 && divides(setup, tp)) setup.tensor_parallel = tp;
    }
  }
  // Experts are spread over the ranks of tensor x data parallelism: "tp 1, ep 8" over eight cards says what
  // happens to the experts' matrices, while those of attention are cut.
  const std::int64_t experts = setup.expert_parallel;
  if (g.moe && experts > std::int64_t{setup.tensor_parallel} * setup.data_parallel &&
      experts % setup.data_parallel == 0 && cards >= experts * setup.pipeline_parallel) {
    setup.tensor_parallel = static_cast<int>(experts / setup.data_parallel);
    setup.notes.push_back(fmt::format(
        "expert_parallel {0} needs as many ranks of tensor x data parallelism: tensor_parallel is "
        "taken as {1}",
        experts, setup.tensor_parallel));
  }
  const int tp = setup.tensor_parallel;
  if (const std::string why = why_indivisible(setup, tp); !why.empty()) {
    const bool experts_would = g.moe && heads_divide(g, tp);
    throw Error(ErrorCode::unsupported,
                fmt::format("tensor_parallel: {}; possible are {}{}", why, dividing_sizes(setup),
                            experts_would ? ", or expert_parallel" : ""));
  }
  if (setup.pipeline_parallel > g.layers) {
    throw Error(ErrorCode::unsupported,
                fmt::format("pipeline_parallel: {} has {} layers, fewer than {} stages", setup.model->name,
                            g.layers, setup.pipeline_parallel));
  }
  const std::int64_t needed =
      std::int64_t{setup.tensor_parallel} * setup.pipeline_parallel * setup.data_parallel;
  if (needed > 65536)
    throw Error(ErrorCode::invalid_value,
                "tensor_parallel x pipeline_parallel x data_parallel: "
                "more than 65,536 devices");
  if (cards == 1 && needed > 1) {
    setup.devices.assign(static_cast<std::size_t>(needed), setup.devices.front());
  } else if (cards > 0 && cards < needed) {
    throw Error(
        ErrorCode::invalid_value,
        fmt::format("tensor_parallel x pipeline_parallel x data_parallel needs {} devices, {} are given",
                    needed, cards));
  }
}

Stage stage_of(const Setup& setup, int stage) {
  const int layers = setup.model->geometry.layers;
  const int stages = setup.pipeline_parallel;
  const auto size = [&](int s) {
    const int from_end = stages - s;  // the last stage has 1
    return layers / stages + (from_end >= 2 && from_end < layers % stages + 2 ? 1 : 0);
  };
  Stage out{0, size(stage), stage == 0, stage == stages - 1};
  for (int s = 0; s < stage; ++s) out.first += size(s);
  return out;
}

StageLayers stage_layers(const Setup& setup, const Stage& stage) {
  StageLayers n;
  for (int i = stage.first; i < stage.first + stage.count; ++i) {
    const bool full = setup.weights->layers[static_cast<std::size_t>(i)] == model::LayerKind::full_attention;
    ++(full ? n.attention : n.recurrent);
  }
  return n;
}

}  // namespace qwenfit::engine
