// What else would do: the alternatives worth a sentence, each tried out before it is told.
#include <fmt/format.h>

#include <algorithm>

#include "ladder.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

namespace qwenfit {
namespace {

constexpr std::size_t kMostHints = 3;
/// A KV cache smaller than this share of the memory is not worth squeezing.
constexpr double kNotableCache = 0.1;

bool is_llama(const catalog::Engine& engine) {
  return engine.id == "llama.cpp" || engine.id == "ollama" || engine.id == "lmstudio";
}

/// All of it on the devices.
bool fits_well(const Estimate& e) {
  return e.fit.verdict == Verdict::comfortable || e.fit.verdict == Verdict::fits;
}

class Hints {
 public:
  Hints(Estimator& estimator, const Scenario& asked, const Estimate& answer)
      : estimator_(estimator), asked_(asked), answer_(answer), engine_(*answer.setup.engine) {
    asked_.explain = false;
    asked_.require = {};
    asked_.engine = std::string(engine_.id);
    asked_.format = std::string(answer.setup.weights->format->id);
    asked_.context = answer.setup.context;
  }

  std::vector<std::string> collect() {
    switch (answer_.fit.verdict) {
      case Verdict::comfortable: better_format(); break;
      case Verdict::tight:
        smaller_cache();
        smaller_format();
        break;
      case Verdict::offload:
        experts_on_host();
        smaller_format();
        break;
      case Verdict::does_not_fit:
        smaller_format();
        smaller_cache();
        shorter_context();
        experts_on_host();
        if (hints_.empty()) more_devices();
        break;
      case Verdict::fits:
      case Verdict::unknown: break;
    }
    if (answer_.speed && !answer_.speed->hint.empty()) hints_.push_back("faster: " + answer_.speed->hint);
    if (hints_.size() > kMostHints) hints_.resize(kMostHints);
    return std::move(hints_);
  }

 private:
  std::optional<Estimate> tried(const Scenario& scenario) {
    try {
      return estimator_.estimate(scenario, false);  // no hint tells limits
    } catch (const Error&) {
      return std::nullopt;  // not to be had with this engine
    }
  }

  void add(const std::string& what, const Estimate& other) {
    std::string hint = fmt::format("{}: {}", what, other.fit.reason);
    if (other.speed && other.speed->decode_tok_s.value > 0)
      hint += fmt::format(", {} tok/s", units::format_figure(other.speed->decode_tok_s.value));
    hints_.push_back(std::move(hint));
  }

  /// The first of the ladder that `accepts`, tried out.
  template <class Accepts>
  std::optional<Estimate> on_ladder(Accepts&& accepts) {
    for (const catalog::WeightFormat* format : usual_formats(estimator_.catalog(), engine_)) {
      Scenario other = asked_;
      other.format = std::string(format->id);
      std::optional<Estimate> e = tried(other);
      if (e && accepts(*e)) return e;
    }
    return std::nullopt;
  }

  void better_format() {
    const auto better =
        on_ladder([&](const Estimate& e) { return e.weights.bytes > answer_.weights.bytes && fits_well(e); });
    if (better) add(fmt::format("{} fits too", better->setup.weights->format->name), *better);
  }

  void smaller_format() {
    const auto smaller =
        on_ladder([&](const Estimate& e) { return e.weights.bytes < answer_.weights.bytes && fits_well(e); });
    if (smaller) add(fmt::format("{} fits", smaller->setup.weights->format->name), *smaller);
  }

  void smaller_cache() {
    if (asked_.kv_type || answer_.memory.pool) return;
    const Bytes cache = answer_.memory.all_devices().kv_cache;
    if (static_cast<double>(cache) < kNotableCache * static_cast<double>(answer_.memory.total())) return;
    Scenario other = asked_;
    other.kv_type = is_llama(engine_) ? "q8_0" : "fp8";
    const auto e = tried(other);
    if (!e || e->fit.verdict >= answer_.fit.verdict) return;
    add(fmt::format("a KV cache in {} saves {}", *other.kv_type,
                    units::format_bytes(answer_.memory.total() - e->memory.total())),
        *e);
  }

  void shorter_context() {
    if (!answer_.fit.max_context || *answer_.fit.max_context >= answer_.setup.context) return;
    hints_.push_back(
        fmt::format("a context of up to {} tokens fits", units::format_grouped(*answer_.fit.max_context)));
  }

  void experts_on_host() {
    const catalog::Geometry& geometry = answer_.setup.model->geometry;
    if (!geometry.moe || !is_llama(engine_) || asked_.cpu_moe_layers) return;
    Scenario other = asked_;
    other.cpu_moe_layers = geometry.layers;
    const auto e = tried(other);
    if (!e || e->fit.verdict != Verdict::offload) return;
    const bool slower = answer_.fit.fits && answer_.speed && e->speed &&
                        e->speed->decode_tok_s.value <= answer_.speed->decode_tok_s.value;
    if (!slower) add(fmt::format("with the experts in host memory (cpu_moe_layers {})", geometry.layers), *e);
  }

  void more_devices() {
    if (asked_.devices.size() != 1) return;
    for (const int factor : {2, 4, 8, 16}) {
      Scenario other = asked_;
      if (other.device_count) *other.device_count *= factor;
      else other.devices.front().count *= factor;
      const auto e = tried(other);
      if (!e || !(fits_well(*e) || e->fit.verdict == Verdict::tight)) continue;
      add(fmt::format("{} of the device hold it", e->setup.devices.size()), *e);
      return;
    }
  }

  Estimator& estimator_;
  Scenario asked_;
  const Estimate& answer_;
  const catalog::Engine& engine_;
  std::vector<std::string> hints_;
};

}  // namespace

std::vector<std::string> Estimator::hints(const Scenario& asked, const Estimate& answer) {
  if (asked.method == Method::quick || asked.train || answer.setup.devices.empty()) return {};
  return Hints(*this, asked, answer).collect();
}

}  // namespace qwenfit
