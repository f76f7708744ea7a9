#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "explain.hpp"
#include "qwenfit/model.hpp"
#include "qwenfit/speed.hpp"
#include "reading.hpp"
#include "speculative.hpp"
#include "step.hpp"

namespace qwenfit::speed {
namespace {

/// Half the width of an 80% interval of a normal distribution, in standard deviations.
constexpr double kEighty = 1.2816;

/// Ends of an interval that are further apart than this are explained.
constexpr double kWide = 8;

/// Of the intervals of this kind of setup and knowledge; where too few cells stand behind it, of dense models
/// and mixtures, then of all knowledge, then of all kinds together.
double interval_scale(Phase phase, std::string_view kind, bool mixture, Confidence confidence) {
  const std::string_view p = phase == Phase::decode ? "decode" : "prefill";
  const std::string_view known = confidence_name(confidence);
  for (const std::string& name : {fmt::format("{} {} {} {}", p, kind, mixture ? "moe" : "dense", known),
                                  fmt::format("{} {} {}", p, kind, known), fmt::format("{} {}", p, kind),
                                  fmt::format("{} {}", p, known)}) {
    for (const Interval& i : baked::intervals) {
      if (i.name == name) return i.scale;
    }
  }
  return 1;
}

Confidence confidence_of(const Timed& t) {
  return t.cell || t.own     ? Confidence::measured
         : t.device_rows > 0 ? Confidence::calibrated
                             : Confidence::modelled;
}

/// The factor by which a figure may be off.
double spread_of(const Timed& t, Phase phase, std::string_view kind, bool mixture) {
  return std::exp(kEighty * std::sqrt(t.variance) * interval_scale(phase, kind, mixture, confidence_of(t)));
}

/// What the user's own measurements make of a prediction.
Timed corrected(Timed t, const engine::Setup& setup, Phase phase, const Calibration* calibration) {
  if (calibration) t.own = calibration->find(setup, phase == Phase::prefill);
  if (!t.own) return t;
  t.seconds /= t.own->factor;
  t.factor /= t.own->factor;
  t.variance = t.own->variance;
  return t;
}

/// Which correction it is, and how to take it back.
std::string own_note(const Correction& own, std::string_view what) {
  constexpr std::size_t kMostNamed = 8;
  std::string names;
  for (std::size_t i = 0; i < own.ids.size() && i < kMostNamed; ++i) names += " " + own.ids[i];
  if (own.ids.size() > kMostNamed) names += " ...";
  return fmt::format(
      "{} corrected x {:.2f} by {} of your own {}: `qwenfit calibrate list` shows them, "
      "`qwenfit calibrate remove{}` takes that back, --no-calibration leaves it out once",
      what, own.factor, own.rows == 1 ? "a measurement" : fmt::format("{} measurements", own.rows),
      own.same_model ? "of this model" : "of other models on this device and engine", names);
}

Bound bound_of(const Parts& p) {
  const std::pair<double, Bound> parts[] = {{p.memory, Bound::memory},
                                            {p.compute + p.prompts, Bound::compute},
                                            {p.latency + p.prompt_launches, Bound::latency},
                                            {p.interconnect, Bound::interconnect},
                                            {p.host, Bound::host}};
  return std::max_element(std::begin(parts), std::end(parts),
                          [](const auto& a, const auto& b) { return a.first < b.first; })
      ->second;
}

/// Nearly free: steps a quarter longer. Caches, products, prompts and, in mixtures, more experts grow.
std::string latency_hint(const engine::Setup& setup, const engine::MemoryPlan& plan, const Timed& t) {
  engine::Setup more = setup;
  double free = static_cast<double>(setup.concurrency);
  for (more.concurrency = 2 * setup.concurrency; more.concurrency <= 4096; more.concurrency *= 2) {
    const Parts parts = parts_of(more, decode_work(more, plan), Phase::decode, t.logs);
    if (parts.sum() > 1.25 * t.parts.sum() || batch_of(more, plan) <= free) break;
    free = batch_of(more, plan);
  }
  if (free <= static_cast<double>(setup.concurrency))
    return "launch latency: a larger model would hardly be slower, more sequences at once would";
  return fmt::format("launch latency: batching is nearly free until {:.0f} sequences", free);
}

/// What would make it faster.
std::string hint_of(const engine::Setup& setup, const engine::MemoryPlan& plan, const Timed& t, Bound bound) {
  switch (bound) {
    case Bound::memory:
      return t.parts.compute < 0.3 * t.parts.memory && setup.concurrency == 1
                 ? "memory bandwidth: a smaller format helps, and more sequences at once cost little"
                 : "memory bandwidth: a smaller format or an 8-bit KV cache helps";
    case Bound::compute:
      return "compute: more sequences at once only share it; a faster card or more of them helps";
    case Bound::latency: return latency_hint(setup, plan, t);
    case Bound::interconnect:
      return "exchange between the devices: fewer of them for each copy, or a faster link";
    case Bound::host: {
      Bytes room = 0;
      for (const engine::DeviceMemory& d : plan.devices) room += std::max<Bytes>(0, d.headroom());
      std::int64_t away = 0;
      Bytes experts = 0;
      for (const format::TypedTensor& w : setup.weights->tensors) {
        const auto layer = static_cast<std::size_t>(std::max<int>(0, w.tensor.layer));
        if (w.tensor.layer < 0 || layer >= plan.layers.size() || !plan.layers[layer].experts_on_host)
          continue;
        const bool routed = w.tensor.role == model::Role::expert_gate ||
                            w.tensor.role == model::Role::expert_up ||
                            w.tensor.role == model::Role::expert_down;
        if (routed) experts += w.total();
      }
      for (const engine::LayerPlace& place : plan.layers) away += place.experts_on_host ? 1 : 0;
      if (away > 0 && experts > 0) {
        const std::int64_t more = std::min(away, room / std::max<Bytes>(1, experts / away));
        if (more > 0) return fmt::format("host memory: {} more expert layers would fit on the card", more);
      }
      return "host memory: a smaller format that fits the card would be several times as fast";
    }
  }
  return "";
}

/// Cards without the arithmetic of a format run it another way.
void add_fallback_notes(const engine::Setup& setup, Speed& s) {
  const catalog::Device& d = *setup.devices.front().device;
  if (d.vendor != catalog::Vendor::nvidia || d.compute_capability.empty()) return;
  const double capability = std::atof(std::string(d.compute_capability).c_str());
  using catalog::Scheme;
  const Scheme scheme = setup.weights->format->scheme;
  const bool fp8 =
      scheme == Scheme::fp8_block || scheme == Scheme::fp8_tensor || scheme == Scheme::fp8_channel;
  if (fp8 && capability < 8.9)
    s.notes.push_back(
        fmt::format("{} has no FP8 arithmetic: the weights stay in 8 bit and are widened in the kernel "
                    "(W8A16, Marlin), so decoding gains and prefill does not",
                    d.name));
  if (scheme == Scheme::nvfp4 && capability < 10)
    s.notes.push_back(fmt::format(
        "{} has no FP4 arithmetic: the weights are widened in the kernel (W4A16, Marlin)", d.name));
}

/// A step of more sequences takes no less time than one of fewer, and no more than as many steps of fewer as
/// there are sequences for, each with its own prompt's share. The factors of batches, fitted each on setups
/// of its own, would now and then have it otherwise.
void between_fewer(const engine::Setup& setup, const engine::MemoryPlan& plan, const Factors& lasting,
                   Timed& step) {
  if (setup.concurrency <= 1) return;
  engine::Setup fewer = setup;
  const double running = batch_of(setup, plan);
  const double prompt =
      running > 1 ? (step.parts.prompts + step.parts.prompt_launches) * step.factor / (running - 1) : 0;
  double seconds = 0;
  double batch = 0;
  const auto bounded = [&](const Timed& t, double sequences) {
    const double most = (seconds + prompt) * std::max(1.0, sequences / std::max(1.0, batch)) - prompt;
    seconds = batch > 0 ? std::clamp(t.seconds, seconds, std::max(seconds, most)) : t.seconds;
    batch = sequences;
  };
  for (fewer.concurrency = 1; fewer.concurrency < setup.concurrency; fewer.concurrency *= 2)
    bounded(time_of(fewer, plan, decode_work(fewer, plan), Phase::decode, lasting), batch_of(fewer, plan));
  bounded(step, running);
  step.factor *= seconds / step.seconds;
  step.seconds = seconds;
}

/// Says why an interval is wide.
void add_width_note(const engine::Setup& setup, double ratio, std::string_view what, Speed& s) {
  if (ratio <= kWide) return;
  s.notes.push_back(
      fmt::format("{} of {} on {} was hardly measured: the ends of the interval are {:.0f} times apart", what,
                  setup.engine->name, setup.devices.front().device->name, ratio));
}

}  // namespace

std::string_view bound_name(Bound bound) {
  switch (bound) {
    case Bound::memory: return "memory";
    case Bound::compute: return "compute";
    case Bound::latency: return "latency";
    case Bound::host: return "host";
    case Bound::interconnect: return "interconnect";
  }
  return "?";
}

std::string_view confidence_name(Confidence confidence) {
  switch (confidence) {
    case Confidence::measured: return "measured";
    case Confidence::calibrated: return "calibrated";
    case Confidence::modelled: return "modelled";
  }
  return "?";
}

std::optional<Speed> predict(const engine::Setup& setup, const engine::MemoryPlan& plan,
                             std::vector<engine::Step>* steps, std::string* why_not,
                             const Calibration* calibration) {
  if (std::string unknown = why_unknown(setup); !unknown.empty()) {
    if (why_not) *why_not = std::move(unknown);
    return std::nullopt;
  }
  Speed s;
  const Work decode = decode_work(setup, plan);
  const Factors lasting = lasting_factors(setup, plan, Phase::decode);
  Timed step = time_of(setup, plan, decode, Phase::decode, lasting);
  between_fewer(setup, plan, lasting, step);
  // Without a prompt, decoding starts in an empty cache, and there is nothing to say of a first token.
  Timed prefill;
  if (setup.prompt_tokens > 0) {
    prefill = time_of(setup, plan, prefill_work(setup, plan), Phase::prefill,
                      lasting_factors(setup, plan, Phase::prefill));
    // No engine takes longer for a prompt than for its tokens one by one.
    prefill.seconds = std::min(prefill.seconds, static_cast<double>(setup.prompt_tokens) * step.seconds);
  }
  step = corrected(step, setup, Phase::decode, calibration);
  prefill = corrected(prefill, setup, Phase::prefill, calibration);
  if (!(step.seconds > 0) || !std::isfinite(step.seconds) || !std::isfinite(prefill.seconds)) {
    if (why_not) *why_not = "there is nothing to read and nothing to compute";
    return std::nullopt;
  }
  double per_token = step.seconds;
  const std::string_view kind = kind_of(setup, plan);
  const bool mixture = setup.model->geometry.moe.has_value();
  double slow = spread_of(step, Phase::decode, kind, mixture);
  double fast = slow;
  if (setup.speculative) {
    const Speculation gain = speculate(setup, plan, step);
    per_token = step.seconds / gain.speedup.value;
    slow *= gain.speedup.value / gain.speedup.low;
    fast *= gain.speedup.high / gain.speedup.value;
    s.notes.push_back(gain.note);
  }
  // No faster end than data sheets allow; drafted tokens come several a step.
  if (!setup.speculative && step.least > 0) fast = std::clamp(step.seconds / step.least, 1.0, fast);
  const double rate = 1 / per_token;
  s.decode_tok_s = {rate, rate / slow, rate * fast};
  const double n = batch_of(setup, plan) * std::max(1, setup.data_parallel);
  s.decode_tok_s_total = {rate * n, rate * n / slow, rate * n * fast};
  s.itl_ms = {per_token * 1e3, per_token * 1e3 / fast, per_token * 1e3 * slow};
  double prompt_width = 1;
  if (prefill.seconds > 0) {
    const double spread = spread_of(prefill, Phase::prefill, kind, mixture);
    const double quick = std::clamp(prefill.seconds / std::max(prefill.least, 1e-12), 1.0, spread);
    const double tok_s = static_cast<double>(setup.prompt_tokens) / prefill.seconds;
    s.prefill_tok_s = {tok_s, tok_s / spread, tok_s * quick};
    s.ttft_ms = {prefill.seconds * 1e3, prefill.seconds * 1e3 / quick, prefill.seconds * 1e3 * spread};
    prompt_width = quick * spread;
  }
  s.bound = bound_of(step.parts);
  const bool reads = only_reads(setup) && prefill.seconds > 0;
  const Timed& told = reads ? prefill : step;
  s.confidence = confidence_of(told);
  s.based_on = told.own ? told.own->rows : told.cell ? told.cell->rows : told.device_rows;
  if (s.confidence == Confidence::modelled)
    s.based_on = find_group(setup, reads ? Phase::prefill : Phase::decode).rows;
  s.hint = hint_of(setup, plan, step, s.bound);
  s.own = told.own.has_value();
  if (prefill.own && prefill.seconds > 0) s.notes.push_back(own_note(*prefill.own, "prefill"));
  if (!reads) {
    if (step.own) s.notes.push_back(own_note(*step.own, "decode"));
    else if (step.cell) s.notes.push_back(fmt::format("measured on such a setup: {}", step.cell->source));
    add_width_note(setup, slow * fast, "decoding", s);
  }
  add_width_note(setup, prompt_width, "prompt processing", s);
  add_fallback_notes(setup, s);
  if (steps && reads) derive(setup, prefill_work(setup, plan), prefill, Phase::prefill, *steps);
  else if (steps) derive(setup, decode, step, Phase::decode, *steps);
  return s;
}

}  // namespace qwenfit::speed
