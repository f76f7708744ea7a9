// speed_terms [FOLDER]: for every speed measurement what the model of src/speed makes of it before any fitted
// constant, as JSON lines for scripts/fit_speed.py.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"
#include "qwenfit/measure.hpp"
#include "qwenfit/model.hpp"
#include "speed/effects.hpp"

namespace {

using namespace qwenfit;
using nlohmann::json;

json terms(const engine::Setup& setup, const engine::MemoryPlan& plan, speed::Phase phase) {
  const speed::Work w =
      phase == speed::Phase::decode ? speed::decode_work(setup, plan) : speed::prefill_work(setup, plan);
  const auto least = [&](const speed::Work& of) {
    return speed::least_seconds(setup, of, phase == speed::Phase::prefill);
  };
  speed::Work weights = w;
  speed::Work cache;
  std::swap(weights.cache_s, cache.cache_s);
  json effects = json::array();
  const auto put = [&](const speed::EffectUse& use) {
    effects.push_back({use.name(), use.weight, speed::share_name(use.share)});
  };
  speed::visit_batch_effects(setup, plan, phase, put);
  speed::visit_lasting_effects(setup, plan, phase, put);
  return {{"group", speed::group_of(setup, phase)},
          {"work",
           {w.weights_s, w.cache_s, w.state_s, w.compute_s, w.attention_s, w.kernels, w.passes, w.reductions,
            w.reduced_s, w.host_s, w.host_switches, w.prompts_s, w.host_kernels, w.bus_reductions,
            w.prompt_kernels, w.mixed}},
          {"least", {least(weights), least(cache)}},
          {"kind", speed::kind_of(setup, plan)},
          {"effects", std::move(effects)}};
}

int run(const std::string& folder) {
  Estimator estimator(catalog::Catalog::builtin());
  for (const measure::File& file : measure::read_measurements(folder, "speed")) {
    for (const measure::Row& row : file.rows) {
      json out{{"id", row.id},
               {"cell", file.path.substr(file.path.find_last_of('/') + 1) + row.cell},
               {"source", row.source},
               {"notes", row.notes},
               {"skip", row.skip}};
      for (const measure::Quantity& q : row.measured) out["measured"][q.name] = q.value;
      try {
        const engine::Setup setup = estimator.resolve(row.scenario);
        const std::string unknown = speed::why_unknown(setup);
        if (!unknown.empty()) throw Error(ErrorCode::undecidable, unknown);
        const engine::MemoryPlan plan = engine::plan_memory(setup);
        out["engine"] = setup.engine->id;
        out["device"] = setup.devices.front().device->id;
        out["devices"] = setup.devices.size();
        out["model"] = setup.model->id;
        out["speculative"] = setup.speculative.has_value();
        out["moe"] = setup.model->geometry.moe.has_value();
        out["concurrency"] = setup.concurrency;
        out["prompt"] = setup.prompt_tokens;
        out["output"] = setup.output_tokens;
        out["running"] = speed::batch_of(setup, plan) * std::max(1, setup.data_parallel);
        double cards = 0, weights = 0;
        for (const engine::DeviceMemory& d : plan.devices) {
          cards += static_cast<double>(d.usable);
          weights += static_cast<double>(d.weights);
        }
        out["cards_bytes"] = cards;
        // What has to be there at once: of the weights as they are placed, and of running sequences.
        out["weights_bytes"] = weights;
        out["cache_bytes"] = static_cast<double>(setup.concurrency * setup.prompt_tokens *
                                                 model::kv_elements_per_token(*setup.model)) *
                             setup.kv_type->bytes / setup.kv_type->block;
        out["decode"] = terms(setup, plan, speed::Phase::decode);
        out["prefill"] = terms(setup, plan, speed::Phase::prefill);
      } catch (const Error& e) {
        out["refused"] = e.what();
      }
      fmt::print("{}\n", out.dump());
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? argv[1] : qwenfit::measure::default_folder());
  } catch (const std::exception& e) {
    fmt::print(stderr, "speed_terms: {}\n", e.what());
    return 2;
  }
}
