// Limits and verdicts: what is called the longest context or the most sequences is exactly that.
#include "catch.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

Scenario on(const std::string& model, const std::string& device, Method method) {
  Scenario s;
  s.model = model;
  s.format = "q4_k_m";
  s.engine = "llama.cpp";
  s.devices = {{device, 1}};
  s.method = method;
  return s;
}

}  // namespace

TEST_CASE("one token more than the longest context, one sequence more than the most, does not fit") {
  Estimator estimator(catalog::Catalog::builtin());
  int limited = 0;
  for (const Method method : {Method::exact, Method::quick}) {
    for (const char* model : {"qwen2.5-7b", "qwen3-8b", "qwen3-30b-a3b", "qwen2.5-32b"}) {
      for (const char* device : {"rtx-3060-12gb", "rtx-4090", "a100-sxm-80gb"}) {
        Scenario s = on(model, device, method);
        s.context = 2048;
        const Estimate e = estimator.estimate(s);
        INFO(model << " on " << device);
        if (!e.fit.fits || e.fit.verdict == Verdict::offload) continue;
        REQUIRE(e.fit.max_context);
        REQUIRE(e.fit.max_concurrency);
        CHECK(*e.fit.max_context <= e.model.context_longest);
        s.context = *e.fit.max_context;
        CHECK(estimator.estimate(s).fit.fits);
        s.context = *e.fit.max_context + 1;
        const Estimate longer = estimator.estimate(s);
        const bool fits = longer.fit.fits && longer.fit.verdict != Verdict::offload;
        if (*e.fit.max_context < e.model.context_longest) {
          ++limited;
          CHECK_FALSE(fits);
        }
        s.context = 2048;
        s.concurrency = *e.fit.max_concurrency;
        CHECK(estimator.estimate(s).fit.fits);
        s.concurrency = *e.fit.max_concurrency + 1;
        const Estimate more = estimator.estimate(s);
        CHECK((!more.fit.fits || more.fit.verdict == Verdict::offload));
      }
    }
  }
  CHECK(limited > 0);
}

TEST_CASE("verdicts follow the share that stays free") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario s = on("qwen3-8b", "rtx-4090", Method::quick);
  int seen = 0;
  for (std::int64_t context = 1024; context <= 163840; context += 1024) {
    s.context = context;
    const Estimate e = estimator.estimate(s);
    const engine::DeviceMemory& d = e.memory.devices.front();
    const double free = static_cast<double>(d.headroom()) / static_cast<double>(d.usable);
    const Verdict expected = free >= 0.2    ? Verdict::comfortable
                             : free >= 0.05 ? Verdict::fits
                             : free >= 0    ? Verdict::tight
                                            : Verdict::does_not_fit;
    INFO(context);
    CHECK(e.fit.verdict == expected);
    CHECK(e.fit.fits == (free >= 0));
    seen |= 1 << static_cast<int>(expected);
  }
  CHECK(seen == (1 << static_cast<int>(Verdict::comfortable) | 1 << static_cast<int>(Verdict::fits) |
                 1 << static_cast<int>(Verdict::tight) | 1 << static_cast<int>(Verdict::does_not_fit)));
}

TEST_CASE("without a device nothing is judged") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario s = on("qwen3-8b", "", Method::exact);
  s.devices.clear();
  s.require.fits = true;
  const Estimate e = estimator.estimate(s);
  CHECK(e.fit.verdict == Verdict::unknown);
  CHECK_FALSE(e.fit.max_context);
  CHECK_FALSE(requirements_met(e).has_value());
}
