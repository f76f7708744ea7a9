// `qwenfit max`: the answer, and why it is not more.
#include <fmt/format.h>

#include <algorithm>

#include "questions.hpp"

namespace qwenfit::report {
namespace {

constexpr std::size_t kShownDevices = 8;

/// "NVIDIA GeForce RTX 3060 12 GB: 12 GB, 330 USD, 40.2 tok/s".
std::string device_in_short(const DeviceRun& r) {
  std::string out = fmt::format("{}: {:.6g} GB", r.name, r.memory_gb.value_or(0));
  if (r.usd) out += fmt::format(", {:.6g} USD", *r.usd);
  if (r.run.speed && r.run.speed->decode_tok_s.value > 0)
    out += fmt::format(", {} tok/s", units::format_figure(r.run.speed->decode_tok_s.value));
  return out;
}

std::string title_of(const LimitAnswer& answer) {
  switch (answer.limit) {
    case Limit::context: return "Longest context";
    case Limit::concurrency: return "Most sequences at once";
    case Limit::tokens: return "Most tokens of KV cache";
    case Limit::layers: return "Most layers on the device";
    case Limit::format: return "Largest weight format";
    case Limit::device: return answer.order == DeviceOrder::price ? "Cheapest device" : "Smallest device";
  }
  return "";
}

std::string unit_of(const LimitAnswer& answer, const Estimate& e) {
  switch (answer.limit) {
    case Limit::context: return "tokens per sequence";
    case Limit::concurrency:
      return fmt::format("sequences of {} tokens", units::format_grouped(e.setup.held_tokens()));
    case Limit::tokens: return "tokens, all sequences together";
    case Limit::layers: return fmt::format("of {} layers (--gpu-layers)", e.model.layers);
    case Limit::format:
    case Limit::device: break;
  }
  return "";
}

}  // namespace

Card limit_card(const LimitAnswer& answer) {
  Card card{"limit", std::string(limit_name(answer.limit)), title_of(answer), {}};
  CardFiller fill(card, {}, {});
  const std::string key(limit_name(answer.limit));
  if (answer.value) {
    const bool all = answer.limit == Limit::layers && *answer.value > answer.at->model.layers;
    fill.cell(
        key, "Answer",
        Cell(all ? fmt::format("all {} layers and the output", answer.at->model.layers)
                 : fmt::format("{} {}", units::format_grouped(*answer.value), unit_of(answer, *answer.at)),
             *answer.value));
  } else if (!answer.name.empty()) {
    fill.text(key, "Answer", answer.name);
  } else {
    fill.cell(key, "Answer", Cell("none", Value()));
  }
  if (answer.at) {
    fill.text("scenario", "", headline(*answer.at));
    fill.text("fit", "With it", verdict_sentence(*answer.at));
    if (const auto& speed = answer.at->speed; speed && speed->decode_tok_s.value > 0) {
      const bool many = answer.at->setup.concurrency > 1;
      const auto rate = [&](const char* rate_key, const char* label, double value) {
        fill.cell(rate_key, label,
                  Cell(fmt::format("{} tok/s after a prompt of {} tokens", units::format_figure(value),
                                   units::format_grouped(answer.at->setup.prompt_tokens)),
                       value));
      };
      rate("decode_tok_s", many ? "Decode, each" : "Decode", speed->decode_tok_s.value);
      if (many) rate("decode_tok_s_total", "Decode, total", speed->decode_tok_s_total.value);
    }
  }
  fill.text("bound", answer.value || !answer.name.empty() ? "Not more, because" : "Because", answer.bound);
  if (!answer.devices.empty()) {
    fill.count("configurations", "That do it", static_cast<std::int64_t>(answer.devices.size()),
               "configurations");
    fill.section("In order");
    const std::size_t shown = std::min(kShownDevices, answer.devices.size());
    std::vector<std::string> names;
    for (std::size_t i = 0; i < shown; ++i) names.push_back(device_in_short(answer.devices[i]));
    fill.list("devices", "", std::move(names));
  }
  return card;
}

}  // namespace qwenfit::report
