#include "qwenfit/ability.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>

#include "catch.hpp"
#include "qwenfit/compare.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/guide.hpp"
#include "qwenfit/recommend.hpp"

using namespace qwenfit;
using catalog::UseCase;

namespace {

Ability find(const std::vector<Ability>& all, std::string_view model, std::string_view variant) {
  const auto it = std::find_if(all.begin(), all.end(),
                               [&](const Ability& a) { return a.model == model && a.variant == variant; });
  if (it == all.end()) FAIL("no ability of " << model << " " << variant);
  return *it;
}

void rising(UseCase use, std::string_view variant, std::initializer_list<std::string_view> models) {
  const std::vector<Ability> all = abilities(use);
  double before = -1e9;
  for (const std::string_view model : models) {
    INFO(model);
    const Ability a = find(all, model, variant);
    CHECK(a.value > before);
    before = a.value;
  }
}

Scenario on(const std::string& device) {
  Scenario scenario;
  scenario.devices = {{device, 1}};
  return scenario;
}

}  // namespace

TEST_CASE("every score belongs to a model and to a benchmark") {
  std::size_t scores = 0;
  for (const catalog::ScoreReport& report : catalog::score_reports()) {
    CHECK(catalog::Catalog::builtin().model(report.model) != nullptr);
    CHECK_FALSE(report.source.empty());
    for (const catalog::Score& s : report.scores) CHECK(s.benchmark < catalog::benchmarks().size());
    scores += report.scores.size();
  }
  CHECK(scores > 5800);
}

TEST_CASE("abilities follow size within a generation, and generations at one size") {
  rising(UseCase::chat, "instruct",
         {"qwen2.5-0.5b", "qwen2.5-1.5b", "qwen2.5-3b", "qwen2.5-7b", "qwen2.5-14b", "qwen2.5-32b",
          "qwen2.5-72b"});
  rising(UseCase::chat, "thinking",
         {"qwen3-0.6b", "qwen3-1.7b", "qwen3-4b", "qwen3-8b", "qwen3-14b", "qwen3-32b"});
  rising(UseCase::chat, "base", {"qwen-7b", "qwen1.5-7b", "qwen2-7b", "qwen2.5-7b", "qwen3-8b"});
  rising(UseCase::code, "instruct",
         {"qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", "qwen2.5-coder-3b", "qwen2.5-coder-7b",
          "qwen2.5-coder-14b", "qwen2.5-coder-32b"});
  rising(UseCase::code, "thinking", {"qwen3-8b", "qwen3-32b", "qwen3.5-27b", "qwen3.6-27b", "qwen3.8-27b"});
  const std::vector<Ability> code = abilities(UseCase::code);
  CHECK(find(code, "qwen3.6-27b", "thinking").value > find(code, "qwen2.5-coder-32b", "instruct").value);
  CHECK(find(code, "qwen2.5-coder-7b", "instruct").value > find(code, "qwen2.5-7b", "instruct").value);
  rising(UseCase::vision, "thinking",
         {"qwen3.5-4b", "qwen3.5-9b", "qwen3.5-35b-a3b", "qwen3.5-122b-a10b", "qwen3.5-397b-a17b"});
}

TEST_CASE("abilities are finite, and one test is thin evidence") {
  for (int use = 0; use < catalog::kUseCases; ++use) {
    const std::vector<Ability> all = abilities(static_cast<UseCase>(use));
    CHECK(all.size() > 5);
    for (const Ability& a : all) {
      CHECK(std::isfinite(a.value));
      CHECK((std::isfinite(a.error) && a.error >= 0));
      CHECK((a.expected_score() > 0 && a.expected_score() < 100));
      CHECK(a.tests >= 1);
      if (a.tests < 3) CHECK(a.thin);
    }
  }
}

TEST_CASE("a recommendation fits, meets what was asked and is in order") {
  Estimator estimator(catalog::Catalog::builtin());
  for (const char* device : {"rtx-3060-12gb", "rtx-4090", "h100-sxm"}) {
    for (const Priority priority : {Priority::quality, Priority::speed, Priority::cost, Priority::balance}) {
      Wish wish;
      wish.priority = priority;
      wish.min_context = 8192;
      wish.min_tok_s = 5;
      const Recommendation r = recommend(estimator, on(device), wish);
      INFO(device);
      REQUIRE_FALSE(r.ranked.empty());
      for (std::size_t i = 0; i < r.ranked.size(); ++i) {
        const Advice& a = r.ranked[i];
        CHECK(a.max_context >= 8192);
        CHECK(a.tok_s.value_or(0) >= 5);
        CHECK(a.short_of == 0);
        CHECK_FALSE(a.reasons.empty());
        if (i > 0) CHECK(a.merit <= r.ranked[i - 1].merit);
      }
      for (std::size_t i = 1; i < r.path.size(); ++i) {
        CHECK(r.path[i].weights > r.path[i - 1].weights);
        CHECK(r.path[i].quality > r.path[i - 1].quality);
      }
      if (r.next_better) CHECK(r.next_better->short_of > 0);
    }
  }
}

TEST_CASE("quality asks for able models, speed for fast ones, and generations are kept") {
  Estimator estimator(catalog::Catalog::builtin());
  Wish wish;
  wish.priority = Priority::quality;
  const Advice able = recommend(estimator, on("rtx-4090"), wish).ranked.front();
  wish.priority = Priority::speed;
  const Advice fast = recommend(estimator, on("rtx-4090"), wish).ranked.front();
  CHECK(able.quality > fast.quality);
  CHECK(*fast.tok_s > *able.tok_s);

  wish.generation = "qwen2.5";
  for (const Advice& a : recommend(estimator, on("rtx-4090"), wish).ranked)
    CHECK(a.model->family.starts_with("Qwen2.5"));
  wish.generation = "qwen9";
  CHECK_THROWS_AS(recommend(estimator, on("rtx-4090"), wish), Error);
  CHECK_THROWS_AS(recommend(estimator, Scenario{}, Wish{}), Error);
}

TEST_CASE("names of generations") {
  CHECK(of_generation("Qwen", "qwen1"));
  CHECK(of_generation("Qwen-VL", "qwen"));
  CHECK_FALSE(of_generation("Qwen-AgentWorld", "qwen1"));
  CHECK(of_generation("Qwen3-VL", "Qwen3"));
  CHECK_FALSE(of_generation("Qwen3.5", "qwen3"));
  CHECK(of_generation("Qwen2.5-Coder", "2.5"));
}

TEST_CASE("shared benchmarks only, and the winner by them") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario a, b;
  a.model = "qwen2.5-0.5b-instruct";
  b.model = "qwen3-0.6b";
  const Comparison c = compare(estimator, {a, b}, {"a", "b"});
  CHECK(c.scores.size() >= 3);
  for (const SharedScore& s : c.scores) CHECK(s.scores.size() == 2);
  CHECK(c.columns[0].variant == "instruct");
  CHECK(*c.columns[0].memory_at.front() < *c.columns[1].memory_at.front());
  CHECK_FALSE(c.columns[0].advantages.empty());
  CHECK_FALSE(c.columns[0].memory_at.back());  // 131,072 tokens are more than it takes
}

TEST_CASE("the guide to the first generation") {
  Estimator estimator(catalog::Catalog::builtin());
  const Guide g = guide(estimator, "qwen1", 3.0);
  REQUIRE(g.models.size() == 4);
  CHECK(g.models.front().model->id == "qwen-1.8b");
  CHECK(*g.models.back().formats.back().memory.measured == 48'860'000'000);
  CHECK(place_of(g.hardware[2], *g.models.back().formats.back().memory.measured) == Place::fits);
  CHECK(place_of(g.hardware[2], *g.models.back().formats[1].memory.measured) == Place::no);
  CHECK(g.costs.size() == 13);
  REQUIRE(g.path.size() == 3);
  CHECK(g.by_memory.size() > 4);
  CHECK(g.by_priority.size() == 12);
  CHECK(g.models[g.by_priority.front().model].model->id == "qwen-72b");
  CHECK(g.benchmarks.front().benchmark->name == "MMLU");
}

TEST_CASE("places of fine-tuning are those that the publisher's figures give") {
  Estimator estimator(catalog::Catalog::builtin());
  const Guide g = guide(estimator, "qwen1", 3.0);
  const auto place = [&](std::size_t model, std::size_t method, std::size_t hardware) {
    return place_of(g.hardware[hardware], g.models[model].training[method]);
  };
  constexpr std::size_t kQlora = 0, kLora = 1, kFull = 2;
  CHECK(place(1, kQlora, 0) == Place::fits);   // Qwen-7B on 24 GB: 11.5 GB, 23.5 on long sequences
  CHECK(place(2, kQlora, 0) == Place::tight);  // Qwen-14B there: 18.7 GB, but 27.9
  CHECK(place(2, kLora, 1) == Place::tight);   // on 40 GB: 34.6 GB, but 55.2
  CHECK(place(3, kQlora, 2) == Place::fits);   // Qwen-72B on 80 GB: 61.4 GB
  CHECK(place(1, kFull, 3) == Place::fits);    // 139.2 GB on two cards together
  CHECK(place(2, kFull, 3) == Place::no);      // four cards are advised
  CHECK(place(3, kLora, 3) == Place::no);      // 215.4 GB on four
  CHECK_FALSE(place_of(g.hardware[0], GuideTraining{}));
  for (const GuideChoice& c : g.by_scenario) {
    if (c.need.starts_with("the most versatile")) {
      CHECK(g.models[c.model].model->id == "qwen-7b");
      CHECK(g.models[c.model].formats[c.format].format->id == "gptq-int4");
    }
  }
}

TEST_CASE("guides to all generations advise what they hold, and better ones for more memory") {
  Estimator estimator(catalog::Catalog::builtin());
  for (const char* generation :
       {"qwen1", "qwen1.5", "qwen2", "qwen2.5", "qwen3", "qwen3.5", "qwen3.6", "qwen3.8"}) {
    INFO(generation);
    const Guide g = guide(estimator, generation, 2.0);
    CHECK_FALSE(g.costs.empty());
    REQUIRE_FALSE(g.by_memory.empty());
    Bytes before = 0;
    for (const auto* choices : {&g.by_memory, &g.by_priority, &g.by_use, &g.by_scenario}) {
      for (const GuideChoice& c : *choices) {
        REQUIRE(c.model < g.models.size());
        REQUIRE(c.format < g.models[c.model].formats.size());
        CHECK_FALSE(c.why.empty());
      }
    }
    for (const GuideChoice& c : g.by_memory) {
      const auto memory = g.models[c.model].formats[c.format].memory.figure();
      REQUIRE(memory);
      CHECK(*memory > before);
      before = *memory;
    }
    for (const GuideStep& s : g.path) {
      CHECK(s.to > s.from);
      if (s.before && s.after) CHECK(*s.after > *s.before);
    }
    for (const GuideModel& m : g.models) CHECK_FALSE(m.role.empty());
  }
}
