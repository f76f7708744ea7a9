#include "qwenfit/limits.hpp"

#include <fmt/format.h>

#include "catalog/nearest.hpp"
#include "estimate/answers.hpp"
#include "estimate/ladder.hpp"
#include "qwenfit/error.hpp"
#include "search.hpp"

namespace qwenfit {
namespace {

constexpr std::array kLimits{Limit::context, Limit::concurrency, Limit::tokens,
                             Limit::layers,  Limit::format,      Limit::device};
constexpr std::int64_t kMostSequences = std::int64_t{1} << 20;
/// Nobody needs more than the model's own 16 bit per weight.
constexpr double kModelBits = 16.5;

bool asks_for_offload(const Scenario& s) {
  return s.gpu_layers || s.cpu_moe_layers || s.cpu_offload_gb.value_or(0) > 0;
}

bool is_about_the_answer(const Error& e) {
  return e.code() == ErrorCode::unsupported || e.code() == ErrorCode::invalid_value;
}

/// Whether the engine can leave layers on the host: llama.cpp and its kin.
bool splits_layers(const catalog::Engine& engine) {
  return engine.id == "llama.cpp" || engine.id == "ollama" || engine.id == "lmstudio";
}

/// Why an estimate does not hold.
std::string objection(const Estimate& e) {
  if (!e.fit.fits) return e.fit.reason;
  for (const Requirement& r : e.requirements) {
    if (r.met == false) return fmt::format("{} would be {}, {} is required", r.name, r.actual, r.required);
  }
  return "a part of it would go to host memory";
}

/// Searches one count of a scenario.
class Search {
 public:
  Search(Estimator& estimator, const Scenario& scenario, Limit limit,
         std::optional<std::int64_t> Scenario::*member)
      : estimator_(estimator), scenario_(scenario), limit_(limit), member_(member) {}

  Estimate at(std::int64_t value) {
    Scenario s = scenario_;
    s.*member_ = value;
    return estimator_.estimate(s, false);
  }

  /// @param words "tokens" and the like, for the sentence about what is at the end
  LimitAnswer run(std::int64_t low, std::int64_t high, std::int64_t guess, const std::string& at_the_end) {
    LimitAnswer answer;
    answer.limit = limit_;
    answer.value = largest_that_holds(low, high, guess, [&](std::int64_t value) { return holds_at(value); });
    if (!answer.value) {
      const Estimate e = at(low);
      answer.bound = objection(e);
      return answer;
    }
    answer.at = at(*answer.value);
    answer.bound = *answer.value == high ? at_the_end : why_not(*answer.value + 1);
    return answer;
  }

 private:
  bool holds_at(std::int64_t value) {
    try {
      return holds(scenario_, limit_, at(value));
    } catch (const Error& e) {
      if (!is_about_the_answer(e)) throw;
      return false;
    }
  }

  std::string why_not(std::int64_t value) {
    try {
      return objection(at(value));
    } catch (const Error& e) {
      return e.what();
    }
  }

  Estimator& estimator_;
  const Scenario& scenario_;
  Limit limit_;
  std::optional<std::int64_t> Scenario::*member_;
};

LimitAnswer context_limit(Estimator& estimator, const Scenario& scenario, const Estimate& first) {
  Search search(estimator, scenario, Limit::context, &Scenario::context);
  const std::int64_t most = first.model.context_longest;
  return search.run(1, most, first.fit.max_context.value_or(first.setup.context),
                    fmt::format("the model takes no more than {} tokens", units::format_grouped(most)));
}

LimitAnswer concurrency_limit(Estimator& estimator, const Scenario& scenario, const Estimate& first) {
  Search search(estimator, scenario, Limit::concurrency, &Scenario::concurrency);
  const std::int64_t most = std::min(kMostSequences, kMostTokens / first.setup.context);
  return search.run(1, most, first.fit.max_concurrency.value_or(1), "no search goes further");
}

/// Engines that fill a pool know their tokens; the others are asked for ever longer sequences.
LimitAnswer token_limit(Estimator& estimator, const Scenario& scenario, const Estimate& first) {
  LimitAnswer answer;
  answer.limit = Limit::tokens;
  if (first.memory.pool) {
    if (holds(scenario, Limit::tokens, first)) {
      answer.value = first.memory.pool->kv_tokens * first.memory.pool->copies;
      answer.at = first;
      answer.bound = "all that the engine's KV pool holds";
    } else {
      answer.bound = objection(first);
    }
    return answer;
  }
  const std::int64_t sequences = first.setup.concurrency;
  Search search(estimator, scenario, Limit::tokens, &Scenario::context);
  answer = search.run(1, kMostTokens / sequences, first.fit.max_context.value_or(first.setup.context),
                      "no search goes further");
  if (answer.value) *answer.value *= sequences;
  return answer;
}

LimitAnswer layer_limit(Estimator& estimator, const Scenario& scenario, const Estimate& first) {
  if (!splits_layers(*first.setup.engine))
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{} does not split layers between device and host; llama.cpp, Ollama and LM Studio do",
                    first.setup.engine->name));
  Search search(estimator, scenario, Limit::layers, &Scenario::gpu_layers);
  const std::int64_t most = std::int64_t{first.model.layers} + 1;
  return search.run(0, most, first.memory.gpu_layers,
                    fmt::format("all {} layers and the output", first.model.layers));
}

LimitAnswer format_limit(Estimator& estimator, const Scenario& scenario, const Estimate& first) {
  struct Tried {
    const catalog::WeightFormat* format;
    Estimate estimate;
  };
  LimitAnswer answer;
  answer.limit = Limit::format;
  LeftOutCounter left_out;
  std::vector<Tried> tried;
  const catalog::Engine& engine = *first.setup.engine;
  for (const catalog::WeightFormat* format : estimator.catalog().formats()) {
    if (!runs(engine, *format)) continue;
    Scenario one = scenario;
    one.engine = std::string(engine.id);
    one.format = std::string(format->id);
    try {
      Estimate e = estimator.estimate(one, false);
      if (e.weights.bits_per_weight <= kModelBits) tried.push_back({format, std::move(e)});
    } catch (const Error& e) {
      left_out.add(e, std::string(format->name));
    }
  }
  answer.left_out = left_out.take();
  std::stable_sort(tried.begin(), tried.end(), [](const Tried& a, const Tried& b) {
    return a.estimate.weights.bytes > b.estimate.weights.bytes;
  });
  const auto found = std::find_if(tried.begin(), tried.end(),
                                  [&](const Tried& t) { return holds(scenario, Limit::format, t.estimate); });
  if (found != tried.end()) {
    answer.name = std::string(found->format->id);
    answer.at = found->estimate;
  }
  if (tried.empty()) answer.bound = "the engine runs no format of this model";
  else if (found == tried.begin()) answer.bound = "no format of the engine is larger, up to 16 bit";
  else {
    const Tried& larger = *std::prev(found);
    answer.bound = fmt::format("{}: {}", larger.format->name, objection(larger.estimate));
  }
  return answer;
}

LimitAnswer device_limit(Estimator& estimator, const Scenario& scenario, DeviceOrder order) {
  LimitAnswer answer;
  answer.limit = Limit::device;
  answer.order = order;
  DevicesQuestion question;
  question.order = order;
  question.settle = false;  // the answer holds as it is asked
  DevicesAnswer all = compare_devices(estimator, scenario, question);
  answer.left_out = std::move(all.left_out);
  for (DeviceRun& run : all.runs) {
    const bool known = order == DeviceOrder::price ? run.usd.has_value() : run.memory_gb.has_value();
    if (run.holds && known) answer.devices.push_back(std::move(run));
  }
  std::stable_sort(answer.devices.begin(), answer.devices.end(), [&](const DeviceRun& a, const DeviceRun& b) {
    return order == DeviceOrder::price ? *a.usd < *b.usd : *a.memory_gb < *b.memory_gb;
  });
  if (answer.devices.empty()) {
    answer.bound = "no device of the catalog does it alone; several of one may (--count)";
    return answer;
  }
  answer.name = answer.devices.front().name;
  answer.bound =
      order == DeviceOrder::price ? "none of the cheaper ones does" : "none of the smaller ones does";
  return answer;
}

}  // namespace

std::string_view limit_name(Limit limit) {
  switch (limit) {
    case Limit::context: return "context";
    case Limit::concurrency: return "concurrency";
    case Limit::tokens: return "tokens";
    case Limit::layers: return "layers";
    case Limit::format: return "format";
    case Limit::device: return "device";
  }
  return "?";
}

Limit parse_limit(std::string_view name) {
  std::vector<std::string_view> words;
  for (const Limit limit : kLimits) {
    if (limit_name(limit) == name) return limit;
    words.push_back(limit_name(limit));
  }
  throw Error(ErrorCode::invalid_value,
              fmt::format("what: '{}'{}", name, catalog::did_you_mean_of_few(name, words)));
}

bool holds(const Scenario& scenario, Limit limit, const Estimate& e) {
  if (!e.fit.fits || requirements_met(e) == false) return false;
  return e.fit.verdict != Verdict::offload || limit == Limit::layers || asks_for_offload(scenario);
}

LimitAnswer find_limit(Estimator& estimator, const Scenario& scenario, Limit limit, DeviceOrder order) {
  if (limit == Limit::device) return device_limit(estimator, scenario, order);
  const Estimate first = estimator.estimate(scenario);
  if (first.setup.devices.empty())
    throw Error(ErrorCode::usage, "without a device there is no limit: --device names one");
  switch (limit) {
    case Limit::context: return context_limit(estimator, scenario, first);
    case Limit::concurrency: return concurrency_limit(estimator, scenario, first);
    case Limit::tokens: return token_limit(estimator, scenario, first);
    case Limit::layers: return layer_limit(estimator, scenario, first);
    case Limit::format:
    case Limit::device: break;
  }
  return format_limit(estimator, scenario, first);
}

}  // namespace qwenfit
