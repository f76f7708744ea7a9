#include "words.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace qwenfit::report {
namespace {

using units::format_figure;
using units::format_grouped;

/// "6,120", "41.5".
std::string number(double value) {
  return value >= 1000 ? format_grouped(std::llround(value)) : format_figure(value);
}

std::string range(const speed::Figure& f) {
  return fmt::format("{} to {}", number(f.low), number(f.high));
}

/// "4x NVIDIA GeForce RTX 4090 + Apple M3 Max".
std::string device_names(const Estimate& e) {
  std::string out;
  for (std::size_t i = 0; i < e.setup.devices.size();) {
    std::size_t end = i;
    while (end < e.setup.devices.size() && e.setup.devices[end].device == e.setup.devices[i].device) ++end;
    if (!out.empty()) out += " + ";
    if (end - i > 1) out += fmt::format("{}x ", end - i);
    out += e.setup.devices[i].device->name;
    i = end;
  }
  return out;
}

/// What does not run has no speed worth reading.
bool runs(const Estimate& e) {
  return e.train.empty() && e.fit.verdict != Verdict::does_not_fit;
}

void add_speed(std::vector<Fact>& facts, const Estimate& e) {
  const speed::Speed& s = *e.speed;
  const bool many = e.setup.concurrency > 1;
  if (s.decode_tok_s.value > 0) {
    facts.push_back({"Decode", number(s.decode_tok_s.value), "tok/s",
                     fmt::format("{}{}, {} a token", range(s.decode_tok_s), many ? " for each" : "",
                                 units::format_milliseconds(s.itl_ms.value))});
  }
  if (many && s.decode_tok_s_total.value > 0) {
    facts.push_back(
        {"", number(s.decode_tok_s_total.value), "tok/s",
         fmt::format("{} for all {} together", range(s.decode_tok_s_total), e.setup.concurrency)});
  }
  if (s.prefill_tok_s.value > 0)
    facts.push_back({"Prefill", number(s.prefill_tok_s.value), "tok/s", range(s.prefill_tok_s)});
  if (s.ttft_ms.value > 0) {
    facts.push_back({"TTFT", number(s.ttft_ms.value), "ms",
                     fmt::format("{}, after a prompt of {} tokens", range(s.ttft_ms),
                                 format_grouped(e.setup.prompt_tokens))});
  }
}

void add_limits(std::vector<Fact>& facts, const Estimate& e) {
  if (const auto longest = e.fit.max_context) {
    std::string remark =
        *longest >= e.model.context_longest ? "all the model takes" : "the longest that fits";
    if (e.setup.concurrency > 1) remark += fmt::format(" for {} sequences", e.setup.concurrency);
    if (*longest > e.model.context_native) {
      const std::string_view method = e.setup.model->context.method;
      remark += fmt::format(", with {} beyond {}", method.empty() ? "context extension" : method,
                            format_grouped(e.model.context_native));
    }
    facts.push_back({"Context", format_grouped(*longest), "tokens", remark});
  }
  if (e.fit.max_concurrency) {
    facts.push_back({"Users", format_grouped(*e.fit.max_concurrency), "",
                     fmt::format("the most at once, {} tokens each", format_grouped(e.setup.held_tokens()))});
  }
}

/// Of a training step: the same limits in its words.
void add_training_limits(std::vector<Fact>& facts, const Estimate& e) {
  if (e.fit.max_context)
    facts.push_back(
        {"Sequence", format_grouped(*e.fit.max_context), "tokens",
         *e.fit.max_context >= e.model.context_longest ? "all the model takes" : "the longest that fits"});
  if (e.fit.max_concurrency)
    facts.push_back({"Batch", format_grouped(*e.fit.max_concurrency), "",
                     fmt::format("the most on a device, {} tokens each", format_grouped(e.setup.context))});
}

void add_cost(std::vector<Fact>& facts, const Cost& cost) {
  const double hour = cost.usd_per_hour.value_or(0) + cost.electricity_usd_per_hour.value_or(0);
  std::string remark = cost.price_date.empty() ? cost.price_source : "a cloud price of " + cost.price_date;
  if (cost.watts) remark += fmt::format(", {} W", format_figure(*cost.watts));
  if (cost.usd_per_million_output_tokens) {
    remark = fmt::format("{} USD per million output tokens; {}",
                         format_figure(*cost.usd_per_million_output_tokens), remark);
  }
  facts.push_back({"Cost", format_figure(hour), "USD/h", remark});
}

/// "QLoRA of rank 16, 1 x 2,048 tokens a device, adamw".
std::string training(const Estimate& e) {
  const Train& t = *e.setup.train;
  std::string out = t.method == "full" ? "full fine-tuning" : t.method == "lora" ? "LoRA" : "QLoRA";
  if (t.rank) out += fmt::format(" of rank {}", *t.rank);
  out += fmt::format(", {} x {} tokens a device, {}", e.setup.concurrency, format_grouped(e.setup.context),
                     t.optimizer);
  if (t.zero_stage.value_or(0) > 0) out += fmt::format(", ZeRO {}", *t.zero_stage);
  if (t.fsdp.value_or(false)) out += ", FSDP";
  if (!*t.gradient_checkpointing) out += ", without checkpointing";
  return out;
}

}  // namespace

std::string headline(const Estimate& e) {
  std::string out(e.setup.variant ? e.setup.variant->name : e.setup.model->name);
  out += fmt::format(" {}", e.setup.weights->format->name);
  if (e.scenario.method != Method::quick) out += fmt::format(", {}", e.setup.engine->name);
  if (!e.setup.devices.empty()) out += " on " + device_names(e);
  return out;
}

std::string assumptions(const Estimate& e) {
  std::string out = fmt::format("{} parameters", units::format_parameters(e.model.parameters));
  if (e.model.active_parameters < e.model.parameters)
    out += fmt::format(" ({} active)", units::format_parameters(e.model.active_parameters));
  if (e.setup.train) return out + ", " + training(e);
  out += fmt::format(", context {}", format_grouped(e.setup.context));
  if (e.setup.concurrency > 1) out += fmt::format(" x {} sequences", e.setup.concurrency);
  out += fmt::format(", KV cache {}", e.scenario.kv_type.value_or("16 bit"));
  if (e.scenario.method == Method::quick) out += ", by the textbook formula";
  return out;
}

std::string verdict_sentence(const Estimate& e) {
  if (e.memory.refusal) return fmt::format("{} would not start: {}", e.setup.engine->name, *e.memory.refusal);
  std::string_view words;
  switch (e.fit.verdict) {
    case Verdict::comfortable: words = "Fits comfortably"; break;
    case Verdict::fits: words = "Fits"; break;
    case Verdict::tight: words = "Fits, but only just"; break;
    case Verdict::offload: words = "Fits with a part in host memory"; break;
    case Verdict::does_not_fit: words = "Does not fit"; break;
    case Verdict::unknown: return fmt::format("Needs {}", units::format_bytes(e.memory.total()));
  }
  return fmt::format("{}: {}", words, e.fit.reason);
}

Tone tone_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::comfortable:
    case Verdict::fits: return Tone::good;
    case Verdict::tight:
    case Verdict::offload: return Tone::warn;
    case Verdict::does_not_fit: return Tone::bad;
    case Verdict::unknown: break;
  }
  return Tone::strong;
}

std::vector<Fact> facts_of(const Estimate& e) {
  std::vector<Fact> facts;
  if (e.speed && runs(e)) add_speed(facts, e);
  if (e.train.empty()) add_limits(facts, e);
  else add_training_limits(facts, e);
  if (e.cost && runs(e)) add_cost(facts, *e.cost);
  return facts;
}

std::string footing(const Estimate& e) {
  if (!e.speed || !runs(e)) return "";
  if (e.scenario.method == Method::quick) return "Ranges are the formula's own +-20%.";
  const speed::Speed& s = *e.speed;
  const std::string rows = fmt::format("{} measurement{}", s.based_on, s.based_on == 1 ? "" : "s");
  std::string basis = "modelled from the data sheet";
  if (s.confidence == speed::Confidence::calibrated) basis = "calibrated on " + rows;
  if (s.confidence == speed::Confidence::measured)
    basis = s.own ? fmt::format("corrected by {} of your own", rows)
                  : fmt::format("measured on this very setup, {}", rows);
  return fmt::format("{} is bound by {}; {}. Ranges hold four times of five.",
                     s.decode_tok_s.value > 0 ? "Decoding" : "Reading", speed::bound_name(s.bound), basis);
}

std::string sentence_of(const Requirement& r) {
  static constexpr std::array<std::array<std::string_view, 3>, 6> kSentences{
      {{"headroom_fraction", "at least ", " of the usable memory free"},
       {"decode_tok_s", "decode at least ", " tok/s"},
       {"ttft_ms", "first token within ", " ms"},
       {"context", "a context of ", " tokens"},
       {"concurrency", "", " sequences at once"},
       {"usd_per_million_tokens", "at most ", " USD per million output tokens"}}};
  if (r.name == "fits") return r.required == "true" ? "fits" : "does not fit";
  for (const auto& [name, before, after] : kSentences) {
    if (r.name == name) return fmt::format("{}{}{}: it is {}", before, r.required, after, r.actual);
  }
  return fmt::format("{} {}: it is {}", r.name, r.required, r.actual);
}

}  // namespace qwenfit::report
