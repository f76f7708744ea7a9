#include "remedies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "device_hints.hpp"
#include "estimate/ladder.hpp"
#include "options.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::plan {
namespace {

constexpr std::size_t kMostRemedies = 4;  // remedies of one finding
constexpr std::int64_t kWidest = 16;

/// Without a device nothing is known to fit.
std::string_view fits(const Deployment& d) {
  return d.scenario.devices.empty() ? "" : " fits";
}

/// Tries scenarios out.
class Trials {
 public:
  Trials(const Deployment& d, Estimator& estimator, const Accepts& accepts, bool limits)
      : d_(d),
        estimator_(estimator),
        accepts_(accepts),
        limits_(limits || (d.estimate && !d.estimate->requirements.empty())) {}

  bool accepted(const Scenario& scenario) const {
    try {
      const Estimate e = estimator_.estimate(scenario, limits_);
      return accepts_(e) && keeps_requirements(e);
    } catch (const Error&) {
      return false;
    }
  }

  bool add(std::string text, const Scenario& scenario, std::optional<std::int64_t> gpus = std::nullopt) {
    if (found.size() >= kMostRemedies || !accepted(scenario)) return false;
    found.push_back({std::move(text), scenario, gpus});
    return true;
  }

  /// `tp` cards side by side instead of what is asked for.
  bool add_tensor_parallel(std::int64_t tp) {
    Scenario s = d_.scenario;
    s.tensor_parallel = tp;
    if (s.expert_parallel) s.expert_parallel = tp * s.data_parallel.value_or(1);
    const std::int64_t cards = engine_gpus(s);
    if (!s.devices.empty()) s.devices.front().count = static_cast<int>(cards);
    const bool more = d_.gpus && cards > *d_.gpus;
    return add(fmt::format(
                   "{} {}{}", flag_of(d_, "tensor_parallel"), tp,
                   more ? fmt::format("{} {} GPUs", s.devices.empty() ? " with" : " fits", cards) : fits(d_)),
               s, more ? std::optional(cards) : std::nullopt);
  }

  std::vector<Remedy> found;

 private:
  /// A cure that breaks what held before is none.
  bool keeps_requirements(const Estimate& e) const {
    const auto unmet = [](const Estimate& of, const std::string& name) {
      return std::any_of(of.requirements.begin(), of.requirements.end(),
                         [&](const Requirement& r) { return r.name == name && r.met == false; });
    };
    return !d_.estimate ||
           std::all_of(e.requirements.begin(), e.requirements.end(),
                       [&](const Requirement& r) { return r.met != false || unmet(*d_.estimate, r.name); });
  }

  const Deployment& d_;
  Estimator& estimator_;
  const Accepts& accepts_;
  bool limits_;
};

/// The longest context up to `longest` that is accepted, in steps of 1,024 (of 256 below 4,096); 0: none.
std::int64_t longest_context(Scenario scenario, std::int64_t longest, std::optional<std::int64_t> guess,
                             const Trials& trials) {
  const auto round = [](std::int64_t context) { return context - context % (context > 4096 ? 1024 : 256); };
  const auto works = [&](std::int64_t context) {
    scenario.context = context;
    return trials.accepted(scenario);
  };
  if (guess && round(*guess) >= 1024 && *guess < longest && works(round(*guess))) return round(*guess);
  std::int64_t low = 4;
  std::int64_t high = longest / 256;
  if (high < 8 || !works(1024)) return 0;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (works(middle * 256) ? low : high) = middle;
  }
  const std::int64_t context = round(low * 256);
  return works(context) ? context : 0;
}

/// What a llama.cpp server's slots make of the context of one.
std::int64_t written_context(const Deployment& d, std::int64_t context) {
  const Scenario& s = d.scenario;
  const bool per_slot = d.kind != "plan" && d.engine == "llama.cpp" && !s.kv_unified.value_or(false);
  return context * (per_slot ? std::max<std::int64_t>(s.parallel_slots.value_or(1), 1) : 1);
}

/// "2 GPUs requested fit"
std::string requested(const Deployment& d, std::int64_t gpus) {
  return fmt::format("{} GPU{} requested{}", gpus, gpus == 1 ? "" : "s",
                     d.scenario.devices.empty() ? ""
                     : gpus == 1                ? " fits"
                                                : " fit");
}

}  // namespace

bool extends_context(const Deployment& d) {
  for (const char* flag : {"rope_scaling", "hf_overrides", "json_model_override_args", "rope_scale"}) {
    if (d.flags.contains(flag)) return true;
  }
  return false;
}

std::int64_t configured_context(const Estimate& e) {
  return std::max<std::int64_t>(e.model.context_native, e.setup.model->context.configured);
}

bool runs_on_device(const Estimate& e) {
  return e.setup.devices.empty() || (e.fit.fits && e.fit.verdict != Verdict::offload);
}

std::string flag_of(const Deployment& d, std::string_view key) {
  if (d.kind == "plan") return std::string(key);
  // What no single option of the engine sets.
  if (d.engine == "llama.cpp" && key == "context") return "--ctx-size";  // of all slots together
  if (d.engine == "llama.cpp" && key == "kv_type") return "--cache-type-k and -v";
  if (d.engine == "ollama" && key == "kv_type") return "OLLAMA_KV_CACHE_TYPE";
  const auto engine = engine_kind(d.engine);
  if (!engine) return std::string(key);
  for (const OptionRule& rule : options_of(*engine).rules) {
    if (rule.key != key) continue;
    const std::string name(rule.names.substr(0, rule.names.find(' ')));
    return *engine == EngineKind::ollama ? name : "--" + name;  // PARAMETER num_ctx
  }
  return std::string(key);
}

std::string remedy_text(const Finding& finding) {
  std::string text;
  for (const Remedy& remedy : finding.remedies) text += (text.empty() ? "" : "; ") + remedy.text;
  return text;
}

std::vector<Remedy> find_remedies(const Deployment& d, Estimator& estimator, const Accepts& accepts,
                                  bool limits) {
  Trials trials(d, estimator, accepts, limits);
  const Scenario& s = d.scenario;
  if (!d.estimate || s.devices.empty()) return {};
  const engine::Setup& setup = d.estimate->setup;
  const catalog::Geometry& geometry = setup.model->geometry;
  const bool parallel = serves_in_parallel(d.engine);
  const auto with = [&](auto change) {
    Scenario other = s;
    change(other);
    return other;
  };
  // Beyond the model's own context the next finding waits.
  const std::int64_t asked = s.context.value_or(setup.context);
  const std::int64_t longest = extends_context(d) ? asked : std::min(asked, configured_context(*d.estimate));
  if (const std::int64_t context =
          longest < asked && trials.accepted(with([&](Scenario& o) { o.context = longest; }))
              ? longest
              : longest_context(s, longest, d.estimate->fit.max_context, trials)) {
    trials.add(fmt::format("{} {} fits", flag_of(d, "context"), written_context(d, context)),
               with([&](Scenario& o) { o.context = context; }));
  }
  if (d.engine == "vllm" && setup.serving.gpu_memory_utilization.value_or(0.9) < 0.95) {
    trials.add(fmt::format("{} 0.95 fits", flag_of(d, "gpu_memory_utilization")),
               with([](Scenario& o) { o.gpu_memory_utilization = 0.95; }));
  }
  if (!s.kv_type) {
    const char* type = parallel ? "fp8" : "q8_0";
    trials.add(fmt::format("{} {} fits", flag_of(d, "kv_type"), type),
               with([&](Scenario& o) { o.kv_type = type; }));
  }
  if (d.engine == "vllm" && geometry.vision && !s.language_model_only) {
    trials.add("--language-model-only fits, without the vision tower",
               with([](Scenario& o) { o.language_model_only = true; }));
  }
  if (parallel) {
    for (std::int64_t tp = s.tensor_parallel.value_or(1) * 2; tp <= kWidest; tp *= 2) {
      if ((geometry.heads <= 0 || geometry.heads % tp == 0) && trials.add_tensor_parallel(tp)) break;
    }
  } else if (s.devices.size() == 1 && !s.device_count) {
    const int cards = s.devices.front().count;
    for (int n = cards + 1; n <= cards + 3; ++n) {
      if (trials.add(fmt::format("{} of this card fit it", n),
                     with([&](Scenario& o) { o.devices.front().count = n; }), n))
        break;
    }
  }
  for (const catalog::WeightFormat* format : usual_formats(estimator.catalog(), *setup.engine)) {
    if (format->id == setup.weights->format->id) continue;
    if (trials.add(fmt::format("{} weights fit", format->name),
                   with([&](Scenario& o) { o.format = std::string(format->id); })))
      break;
  }
  return std::move(trials.found);
}

std::vector<Remedy> offload_remedies(const Deployment& d, Estimator& estimator) {
  if (!d.estimate || d.scenario.devices.empty() || (d.engine != "llama.cpp" && d.engine != "ollama"))
    return {};
  const Accepts fits = [](const Estimate& e) { return e.fit.fits; };
  Trials trials(d, estimator, fits, false);
  const catalog::Geometry& geometry = d.estimate->setup.model->geometry;
  const auto least = [&](auto set) {
    Scenario s = d.scenario;
    std::int64_t low = 0;
    std::int64_t high = geometry.layers;
    set(s, high);
    if (!trials.accepted(s)) return s;
    while (high - low > 1) {
      const std::int64_t middle = low + (high - low) / 2;
      set(s, middle);
      (trials.accepted(s) ? high : low) = middle;
    }
    set(s, high);
    return s;
  };
  if (geometry.moe && d.engine == "llama.cpp" && !d.scenario.cpu_moe_layers) {
    const Scenario s = least([](Scenario& o, std::int64_t n) { o.cpu_moe_layers = n; });
    trials.add(fmt::format("{} {} fits, the experts of these layers in host memory",
                           flag_of(d, "cpu_moe_layers"), *s.cpu_moe_layers),
               s);
  } else if (d.scenario.gpu_layers) {
    const std::int64_t all = geometry.layers;
    const Scenario s = least([&](Scenario& o, std::int64_t n) { o.gpu_layers = all - n; });
    trials.add(
        fmt::format("{} {} fits, the other layers in host memory", flag_of(d, "gpu_layers"), *s.gpu_layers),
        s);
  }
  return std::move(trials.found);
}

std::vector<Remedy> head_remedies(const Deployment& d, Estimator& estimator, std::int64_t heads) {
  const std::int64_t tp = d.scenario.tensor_parallel.value_or(1);
  std::int64_t below = std::min(tp, heads);
  while (below > 1 && heads % below != 0) --below;
  std::int64_t above = tp;
  while (above < heads && heads % above != 0) ++above;
  const Accepts runs = runs_on_device;
  Trials trials(d, estimator, runs, false);
  trials.add_tensor_parallel(below);
  if (above != below && above <= kWidest) trials.add_tensor_parallel(above);
  return std::move(trials.found);
}

std::vector<Remedy> request_remedies(const Deployment& d, Estimator& estimator, std::int64_t heads) {
  const Accepts runs = runs_on_device;
  Trials trials(d, estimator, runs, false);
  const std::int64_t used = engine_gpus(d.scenario);
  std::int64_t tp = d.scenario.tensor_parallel.value_or(1);
  const std::int64_t others = std::max<std::int64_t>(used / std::max<std::int64_t>(tp, 1), 1);
  while (tp > 1 && (tp * others > *d.gpus || (heads > 0 && heads % tp != 0))) --tp;
  if (tp * others <= *d.gpus) trials.add_tensor_parallel(tp);
  trials.add(requested(d, used), d.scenario, used);
  return std::move(trials.found);
}

std::vector<Remedy> idle_remedies(const Deployment& d, Estimator& estimator, std::int64_t used,
                                  std::int64_t heads) {
  const Accepts runs = runs_on_device;
  Trials trials(d, estimator, runs, false);
  trials.add(requested(d, used), d.scenario, used);
  const std::int64_t tp = d.scenario.tensor_parallel.value_or(1) * (*d.gpus / used);
  if (*d.gpus % used == 0 && tp <= kWidest && (heads <= 0 || heads % tp == 0)) trials.add_tensor_parallel(tp);
  return std::move(trials.found);
}

std::vector<Remedy> context_remedies(const Deployment& d, Estimator& estimator, std::int64_t longest) {
  const Accepts runs = runs_on_device;
  const Trials trials(d, estimator, runs, false);
  Scenario s = d.scenario;
  s.context = longest;
  if (!trials.accepted(s)) {
    const std::int64_t context = longest_context(s, longest, std::nullopt, trials);
    if (context == 0) return {};
    s.context = context;
  }
  return {{fmt::format("{} {}{}", flag_of(d, "context"), written_context(d, *s.context), fits(d)), s,
           std::nullopt}};
}

std::vector<Remedy> if_it_runs(const Deployment& d, Estimator& estimator, std::string text,
                               const Scenario& scenario) {
  const Accepts runs = runs_on_device;
  Trials trials(d, estimator, runs, false);
  trials.add(std::move(text), scenario);
  return std::move(trials.found);
}

std::vector<Remedy> format_remedies(const Deployment& d, Estimator& estimator) {
  const Accepts runs = runs_on_device;
  Trials trials(d, estimator, runs, false);
  const catalog::Engine* engine = estimator.catalog().engine(d.engine);
  if (!engine) return {};
  for (const catalog::WeightFormat* format : usual_formats(estimator.catalog(), *engine)) {
    Scenario s = d.scenario;
    s.format = std::string(format->id);
    if (trials.add(fmt::format("{} weights run", format->name), s)) break;
  }
  return std::move(trials.found);
}

}  // namespace qwenfit::plan
