// Deployment -> findings and judgement.
#include <fmt/format.h>

#include <algorithm>

#include "device_hints.hpp"
#include "engine/version_point.hpp"
#include "judgement.hpp"
#include "model_names.hpp"
#include "qwenfit/error.hpp"
#include "remedies.hpp"
#include "text.hpp"
#include "workload.hpp"

namespace qwenfit::plan {
namespace {

Severity default_severity(std::string_view id) {
  for (const Rule& rule : rules()) {
    if (rule.id == id) return rule.severity;
  }
  return Severity::error;
}

class Checker {
 public:
  Checker(Deployment& deployment, Estimator& estimator) : d_(deployment), estimator_(estimator) {}

  void run() {
    if (has("unreadable")) return;  // what is not read can't be judged by defaults
    if (d_.replicas == 0) return not_started();
    if (!d_.estimable || d_.model_id.empty()) return without_estimate();
    const catalog::Model* model = estimator_.catalog().model(d_.model_id);
    if (model) geometry(*model);
    gpus(model ? model->geometry.heads : 0);
    alias();
    memory_relevant_unresolved();
    try {
      d_.estimate = estimator_.estimate(d_.scenario);
      longest_that_fits();
      if (model) context(*model);
      fit();
      requirements();
    } catch (const Error& e) {
      failed(e);
    }
    if (d_.device.empty()) unknown_device();
  }

 private:
  Finding& add(std::string id, int line, std::string message, std::vector<Remedy> remedies = {}) {
    Finding f;
    f.severity = default_severity(id);
    f.id = std::move(id);
    f.line = line > 0 ? line : d_.line;
    f.message = std::move(message);
    f.remedies = std::move(remedies);
    d_.findings.push_back(std::move(f));
    return d_.findings.back();
  }

  bool has(std::string_view id) const {
    return std::any_of(d_.findings.begin(), d_.findings.end(), [&](const Finding& f) { return f.id == id; });
  }

  std::optional<std::int64_t> flag_number(const std::string& flag) const {
    const auto it = d_.flags.find(flag);
    return it == d_.flags.end() ? std::nullopt : units::parse_count(it->second.value);
  }

  int line_of(std::initializer_list<const char*> flags) const {
    for (const char* flag : flags) {
      if (const auto it = d_.flags.find(flag); it != d_.flags.end() && it->second.line > 0)
        return it->second.line;
    }
    return d_.line;
  }

  void not_started() {
    d_.findings.clear();
    d_.estimable = false;
    add("not-started", d_.line, "no replica of this is started: not checked");
  }

  void without_estimate() {
    if (d_.model_id.empty() && !d_.estimable && !d_.model.empty() && !mentions_qwen(d_.model)) {
      const bool placeholder = d_.model.front() == '<' && d_.model.back() == '>';
      add("not-qwen", d_.model_line,
          fmt::format("'{}' {}: not checked", d_.model,
                      placeholder ? "stands for a name" : "is no Qwen model"));
    } else if (!d_.estimable) {
      add("not-estimated", d_.line,
          d_.notes.empty() ? "qwenfit has no estimate for this engine" : d_.notes.back());
    } else {
      memory_relevant_unresolved();
    }
  }

  void memory_relevant_unresolved() {
    if (d_.unresolved.empty()) return;
    std::string all;
    for (const std::string& entry : d_.unresolved) {
      if (all.size() > 600) {
        all += "; ...";
        break;
      }
      all += (all.empty() ? "" : "; ") + entry;
    }
    Finding& f = add("unresolved", d_.model.empty() ? d_.line : d_.model_line,
                     fmt::format("can't be told from the file: {}", all));
    f.undecided = true;
  }

  void unknown_device() {
    std::string message = "which device this runs on is not said: --device NAME[:N] names it";
    if (d_.estimate)
      message += fmt::format("; the weights alone are {}", units::format_bytes(d_.estimate->weights.bytes));
    Finding& f = add("unknown-device", d_.gpu_line, message);
    f.undecided = true;
  }

  void geometry(const catalog::Model& model) {
    const std::int64_t tp = d_.scenario.tensor_parallel.value_or(1);
    if (!serves_in_parallel(d_.engine) || tp <= 1 || model.geometry.heads <= 0) return;
    if (model.geometry.heads % tp == 0) return;
    add("heads-not-divisible", line_of({"tensor_parallel_size", "tp_size"}),
        fmt::format("tensor parallel size {} does not divide the {} attention heads of {}", tp,
                    model.geometry.heads, model.name),
        head_remedies(d_, estimator_, model.geometry.heads));
  }

  void gpus(std::int64_t heads) {
    if (!d_.gpus || !serves_in_parallel(d_.engine)) return;
    Scenario own = d_.scenario;
    // Ranks that other processes run need their cards elsewhere.
    if (d_.flags.contains("data_parallel_rank")) own.data_parallel.reset();
    else if (const auto n = flag_number("data_parallel_size_local"); n && d_.nodes == 1)
      own.data_parallel = *n;
    const std::int64_t used = engine_gpus(own);
    const std::int64_t have = *d_.gpus;
    if (have == 0 && used == 1) return;  // runs on the CPU
    const auto uncertain =
        std::any_of(d_.unresolved.begin(), d_.unresolved.end(), [](const std::string& entry) {
          return entry.find("parallel") != std::string::npos || entry.starts_with("tp_size") ||
                 entry.starts_with("arguments");
        });
    if (uncertain) return;
    if (used > have) {
      add("gpus-exceed-request",
          line_of({"tensor_parallel_size", "tp_size", "data_parallel_size", "pipeline_parallel_size"}),
          fmt::format("the parallel sizes need {} GPUs, {} requested", used, have),
          request_remedies(d_, estimator_, heads));
    } else if (used < have) {
      add("gpus-idle", d_.gpu_line,
          fmt::format("{} GPUs are requested, the parallel sizes use {}", have, used),
          idle_remedies(d_, estimator_, used, heads));
    }
  }

  /// A served name that is a different model of the catalog.
  void alias() {
    for (const std::string& name : d_.served_names) {
      // A name without a figure ("qwen-vl") says neither line nor size.
      if (!mentions_qwen(name) || name.find_first_of("0123456789") == std::string::npos) continue;
      try {
        const catalog::ModelMatch match = estimator_.catalog().find_model(name);
        if (match.model->id == d_.model_id) continue;
        add("alias-contradicts-model", line_of({"served_model_name", "alias", "model_name"}),
            fmt::format("served as '{}', which is {}, but the model is {}", name, match.model->name,
                        d_.model));
      } catch (const Error&) {
        // An alias may be anything.
      }
    }
  }

  /// `--max-model-len auto` (-1): vLLM itself takes the model's context, or what fits one sequence of it.
  void longest_that_fits() {
    const auto it = d_.flags.find("max_model_len");
    if (d_.engine != "vllm" || it == d_.flags.end() || d_.scenario.context) return;
    const std::string& value = it->second.value;
    if (value != "auto" && value != "-1") return;
    const std::string version = d_.scenario.engine_version.value_or("");
    const catalog::Engine* engine = estimator_.catalog().engine(d_.engine);
    if (const catalog::Feature* feature =
            engine ? engine::lacks(*engine, version, "auto_context") : nullptr) {
      add("invalid-flag", it->second.line,
          fmt::format("--max-model-len: {} takes '{}' from {} on, this is {}", engine->name, value,
                      feature->version, version));
      return;
    }
    if (d_.device.empty() || d_.estimate->fit.fits) return;
    Scenario alone = d_.scenario;
    alone.concurrency.reset();
    alone.require = {};
    const auto longest = estimator_.estimate(alone).fit.max_context;
    if (!longest || *longest <= 0) return;
    d_.scenario.context = *longest;
    d_.estimate = estimator_.estimate(d_.scenario);
    d_.notes.push_back(
        fmt::format("--max-model-len {}: a context of {} fits", value, units::format_grouped(*longest)));
  }

  /// Whether the engine refuses to start with more context than the model has.
  bool refuses_longer() const {
    return (d_.engine == "vllm" || d_.engine == "sglang") && d_.longer_context.empty();
  }

  void context(const catalog::Model& model) {
    const auto& asked = d_.scenario.context;
    if (!asked) return;
    const int line = line_of({"max_model_len", "context_length", "ctx_size", "num_ctx", "max_seq_len"});
    const ModelSummary& m = d_.estimate->model;
    const std::int64_t configured = configured_context(*d_.estimate);
    if (*asked <= configured) return;
    if (*asked > m.context_longest && m.context_longest > 0) {
      add("context-beyond-model", line,
          fmt::format("a context of {} exceeds the longest {} takes, {}", units::format_grouped(*asked),
                      model.name, units::format_grouped(m.context_longest)),
          context_remedies(d_, estimator_, configured));
      let_through();
    } else if (!extends_context(d_)) {
      add("context-needs-yarn", line,
          fmt::format("a context of {} exceeds {}'s own {}, and no YaRN is set",
                      units::format_grouped(*asked), model.name, units::format_grouped(configured)),
          context_remedies(d_, estimator_, configured));
      if (refuses_longer()) d_.findings.back().severity = Severity::error;
      let_through();
    }
  }

  /// What the environment allows starts, whatever it is worth.
  void let_through() {
    if (d_.longer_context.empty()) return;
    Finding& f = d_.findings.back();
    f.severity = Severity::warning;
    f.message += fmt::format("; {} lets it start", d_.longer_context);
  }

  void fit() {
    const Estimate& e = *d_.estimate;
    if (d_.device.empty()) return;
    const int line = line_of(
        {"max_model_len", "context_length", "ctx_size", "gpu_memory_utilization", "tensor_parallel_size"});
    if (!e.fit.fits) {
      Finding& f = add("does-not-fit", line,
                       fmt::format("{} on {} x {}: {}", e.setup.model->name, e.setup.devices.size(),
                                   e.setup.devices.front().device->name, e.fit.reason),
                       remedies_to_run());
      // More cards, a shorter context: what is open may make it fit.
      if (open_options()) {
        f.severity = Severity::warning;
        f.undecided = true;
        f.message += ", unless what the file leaves open changes it";
      }
      return;
    }
    if (e.fit.verdict == Verdict::offload && !asks_for_offload()) {
      add("cpu-offload", line, fmt::format("part of the weights stays in host memory: {}", e.fit.reason),
          find_remedies(d_, estimator_, runs_on_device));
    } else if (e.fit.verdict == Verdict::tight) {
      add("tight-memory", line, fmt::format("it fits with almost nothing to spare: {}", e.fit.reason),
          find_remedies(d_, estimator_, [](const Estimate& other) {
            return runs_on_device(other) && other.fit.verdict != Verdict::tight;
          }));
    }
    const auto& share = d_.scenario.gpu_memory_utilization;
    if (share && *share > 0.97 && d_.engine == "vllm") {
      Scenario less = d_.scenario;
      less.gpu_memory_utilization = 0.95;
      add("utilization-too-high", line_of({"gpu_memory_utilization"}),
          fmt::format("a share of {} leaves nothing of the card for the driver and other processes", *share),
          if_it_runs(d_, estimator_, fmt::format("{} 0.95 fits", flag_of(d_, "gpu_memory_utilization")),
                     less));
    }
  }

  /// Whether options or the model are open; a device that is shared leaves less, never more.
  bool open_options() const {
    return std::any_of(d_.unresolved.begin(), d_.unresolved.end(),
                       [](const std::string& entry) { return !entry.starts_with("device: "); });
  }

  std::vector<Remedy> remedies_to_run() {
    std::vector<Remedy> all = find_remedies(d_, estimator_, runs_on_device);
    for (Remedy& remedy : offload_remedies(d_, estimator_)) all.push_back(std::move(remedy));
    return all;
  }

  bool asks_for_offload() const {
    return d_.scenario.cpu_offload_gb || d_.scenario.cpu_moe_layers || d_.scenario.gpu_layers ||
           d_.flags.contains("override_tensor") || d_.flags.contains("fit");
  }

  static bool meets(const Estimate& e, std::string_view name) {
    return std::any_of(e.requirements.begin(), e.requirements.end(),
                       [&](const Requirement& r) { return r.name == name && r.met == true; });
  }

  void requirements() {
    for (const Requirement& r : d_.estimate->requirements) {
      if (r.met == true) continue;
      if (!r.met) {
        if (d_.device.empty()) continue;  // said once
        Finding& f = add("unresolved", d_.line,
                         fmt::format("whether {} of {} holds can't be told", r.name, r.required));
        f.undecided = true;
        continue;
      }
      add(r.name == "concurrency" ? "concurrency-too-low" : "requirement-not-met", d_.line,
          fmt::format("{}: {} is required, {} estimated", r.name, r.required, r.actual),
          r.name == "fits"
              ? std::vector<Remedy>{}  // does-not-fit has them
              : find_remedies(
                    d_, estimator_, [&](const Estimate& e) { return e.fit.fits && meets(e, r.name); }, true));
    }
  }

  void failed(const Error& e) {
    switch (e.code()) {
      case ErrorCode::unsupported:
        if (has("heads-not-divisible")) return;
        add("format-unsupported", d_.model_line, e.what(), format_remedies(d_, estimator_));
        return;
      case ErrorCode::invalid_value: add("invalid-flag", d_.line, e.what()); return;
      default: break;
    }
    Finding& f = add("unresolved", d_.model_line, e.what());
    f.undecided = true;
  }

  Deployment& d_;
  Estimator& estimator_;
};

}  // namespace

void check(Report& report, const Options& options, Estimator& estimator) {
  if (options.estimate) {
    for (Deployment& d : report.deployments) Checker(d, estimator).run();
    shared_cards(report, estimator);
  }
  for (Deployment& d : report.deployments) judge(d, options.baseline);
}

}  // namespace qwenfit::plan
