#include <array>
#include <random>

#include "catch.hpp"
#include "engine/llamacpp_plan.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;
using namespace qwenfit::engine::llamacpp;

namespace {

/// Settings of llama.cpp, one after the other, from a fixed seed.
class Settings {
 public:
  explicit Settings(unsigned seed) : random_(seed) {
    for (const catalog::Model* m : catalog::Catalog::builtin().models()) {
      if (m->arch != catalog::Arch::unknown) models_.push_back(m->id);
    }
  }

  Scenario next() {
    Scenario s;
    s.model = std::string(models_[number(models_.size())]);
    s.engine = "llama.cpp";
    s.format = pick<std::string>({"q4_k_m", "q3_k_l", "iq2_xs", "bf16", "q8_0"});
    s.context = pick<std::int64_t>({256, 1000, 4096, 20000, 131072});
    s.parallel_slots = pick<std::int64_t>({1, 1, 2, 4, 7});
    s.kv_unified = number(3) == 0;
    s.program = pick<std::string>({"cli", "server"});
    s.ubatch = pick<std::int64_t>({17, 128, 512, 2048});
    s.flash_attention = number(4) != 0;
    s.kv_type = *s.flash_attention ? pick<std::string>({"f16", "q8_0", "q4_0", "bf16"}) : "f16";
    s.devices = {{"rtx-4090", pick<int>({1, 1, 2, 3})}};
    s.gpu_layers = 999;
    return s;
  }

  std::size_t number(std::size_t below) { return random_() % below; }

 private:
  template <class T>
  T pick(std::vector<T> from) {
    return from[number(from.size())];
  }

  std::mt19937 random_;
  std::vector<std::string_view> models_;
};

}  // namespace

TEST_CASE("the plan of a sketch, replayed for all layers and other contexts, is that of all layers") {
  Settings settings(7);
  Estimator estimator(catalog::Catalog::builtin());
  for (int i = 0; i < 300; ++i) {
    Scenario s = settings.next();
    if (i % 3 != 0) s.gpu_layers = static_cast<std::int64_t>(settings.number(60));
    if (i % 6 == 0) s.parallel_slots = 40;  // more sequences than rows that are worth moving
    if (i % 4 == 0) s.cpu_moe_layers = static_cast<std::int64_t>(settings.number(50));
    const engine::Setup setup = estimator.resolve(s);
    const Job job = job_of(setup);
    Arrangement a = asked_arrangement(job);
    if (i % 7 == 0) {  // as --fit has it: experts of layers in the middle
      const std::size_t first = settings.number(a.layers.size());
      const std::size_t last = std::min(a.layers.size(), first + settings.number(20));
      for (std::size_t layer = first; layer < last; ++layer) a.experts_on_host[layer] = true;
    }
    ComputeJob compute{job.shape, job.context, placement_of(*job.weights, job.shape, a, job.gpus),
                       job.backends, GraphKind::trunk};
    compute.backends.pipeline = job.gpus > 1 && a.everything_on_cards() && !a.moves_experts();
    for (const std::int64_t more : {0, 512, 7936}) {
      compute.context.cells = job.context.cells + more;
      INFO(s.model << " " << *s.format << ", context " << *s.context << " + " << more << ", -ngl "
                   << *s.gpu_layers);
      CHECK(compute_buffers(compute).bytes == compute_buffers_in_full(compute).bytes);
    }
    // Other batches: the order of events is kept where their sizes compare alike.
    for (int batches = 0; batches < 2; ++batches) {
      s.parallel_slots = static_cast<std::int64_t>(1 + settings.number(batches == 0 ? 20 : 90));
      compute.context = context_of(estimator.resolve(s), job.version);
      INFO(s.model << " " << *s.format << ", " << *s.parallel_slots << " slots, -ngl " << *s.gpu_layers);
      CHECK(compute_buffers(compute).bytes == compute_buffers_in_full(compute).bytes);
    }
  }
}

TEST_CASE("the longest context and the most sequences fit on llama.cpp, one more does not") {
  Settings settings(17);
  Estimator estimator(catalog::Catalog::builtin());
  int checked = 0;
  for (int i = 0; i < 60; ++i) {
    Scenario s = settings.next();
    s.parallel_slots.reset();
    s.kv_unified.reset();
    if (i % 2 == 0) s.gpu_layers = static_cast<std::int64_t>(settings.number(40));
    s.context = 4096;
    const Estimate asked = estimator.estimate(s);
    // As the limits are: with the layers where they are.
    s.gpu_layers = asked.memory.gpu_layers;
    const auto fits = [&](std::int64_t context, std::int64_t concurrency) {
      s.context = context;
      s.concurrency = concurrency;
      return estimator.estimate(s, false).fit.fits;
    };
    INFO(s.model << " " << *s.format << ", -ngl " << *s.gpu_layers);
    if (asked.fit.max_context) {
      const std::int64_t longest = *asked.fit.max_context;
      CHECK(fits(longest, 1));
      if (longest < asked.model.context_longest) CHECK_FALSE(fits(longest + 1, 1));
      ++checked;
    }
    if (asked.fit.max_concurrency) {
      CHECK(fits(4096, *asked.fit.max_concurrency));
      if (*asked.fit.max_concurrency < kMostSequences)
        CHECK_FALSE(fits(4096, *asked.fit.max_concurrency + 1));
    }
  }
  CHECK(checked > 20);
}

TEST_CASE("more context never needs less memory on llama.cpp") {
  Settings settings(11);
  Estimator estimator(catalog::Catalog::builtin());
  for (int i = 0; i < 60; ++i) {
    Scenario s = settings.next();
    Bytes before = 0;
    for (const std::int64_t context : {256, 300, 2048, 2049, 9000, 40000, 131072}) {
      s.context = context;
      const engine::MemoryPlan plan = engine::plan_memory(estimator.resolve(s));
      INFO(s.model << " " << *s.format << ", context " << context);
      CHECK(plan.total() >= before);
      before = plan.total();
    }
  }
}

TEST_CASE("what --fit arranges fits, and one layer more would not") {
  Settings settings(13);
  Estimator estimator(catalog::Catalog::builtin());
  int fitted = 0;
  for (int i = 0; i < 60; ++i) {
    Scenario s = settings.next();
    s.gpu_layers.reset();
    s.devices = {{"rtx-3060-12gb", 1}};
    s.context = 4096;
    s.parallel_slots = 1;
    const engine::MemoryPlan plan = engine::plan_memory(estimator.resolve(s));
    const bool dense =
        std::none_of(plan.layers.begin(), plan.layers.end(), [](auto p) { return p.experts_on_host; });
    if (plan.gpu_layers == 0 || plan.devices[0].headroom() < 0 || plan.layers.front().device == 0) continue;
    ++fitted;
    INFO(s.model << " " << *s.format << ", -ngl " << plan.gpu_layers);
    CHECK(plan.devices[0].headroom() >= 1024 * units::kMiB);
    if (!dense) continue;
    s.gpu_layers = plan.gpu_layers + 1;
    const engine::Setup more = estimator.resolve(s);
    if (more.model->geometry.moe) continue;  // its experts would move first
    CHECK(engine::plan_memory(more).devices[0].headroom() < 1024 * units::kMiB);
  }
  CHECK(fitted > 5);
}
