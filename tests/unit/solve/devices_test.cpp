// Which devices run a model, and which models a device runs.
#include "qwenfit/devices.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "catch.hpp"
#include "qwenfit/models.hpp"

using namespace qwenfit;

namespace {

DevicesAnswer devices(const Scenario& scenario, const DevicesQuestion& question) {
  Estimator estimator(catalog::Catalog::builtin());
  return compare_devices(estimator, scenario, question);
}

Scenario asking_for(const char* name) {
  Scenario scenario;
  scenario.model = name;
  return scenario;
}

}  // namespace

TEST_CASE("every device is in the answer or among those left out") {
  const DevicesAnswer answer = devices(asking_for("qwen3-8b"), {});
  std::set<const catalog::Device*> seen;
  for (const DeviceRun& r : answer.runs) seen.insert(r.device);
  const int left_out = std::accumulate(answer.left_out.begin(), answer.left_out.end(), 0,
                                       [](int sum, const LeftOut& l) { return sum + l.count; });
  CHECK(seen.size() + static_cast<std::size_t>(left_out) >= catalog::Catalog::builtin().devices().size());
  CHECK(std::accumulate(answer.counts.begin(), answer.counts.end(), 0) ==
        static_cast<int>(answer.runs.size()));
  // Group by group.
  CHECK(std::is_sorted(answer.runs.begin(), answer.runs.end(),
                       [](const DeviceRun& a, const DeviceRun& b) { return a.run.group < b.run.group; }));
}

TEST_CASE("a model of half a gigabyte runs on every Mac") {
  DevicesQuestion question;
  question.kinds = {DeviceKind::mac};
  const DevicesAnswer answer = devices(asking_for("qwen2.5-0.5b"), question);
  CHECK(answer.runs.size() > 50);
  for (const DeviceRun& r : answer.runs) {
    INFO(r.name);
    CHECK(r.device->vendor == catalog::Vendor::apple);
    CHECK(r.run.group == RunGroup::great);
  }
}

TEST_CASE("what does not fit a card alone has a part in host memory, within what is assumed of it") {
  DevicesQuestion question;
  question.kinds = {DeviceKind::gpu};
  const DevicesAnswer answer = devices(asking_for("qwen3-32b"), question);
  const auto offloaded = answer.counts[static_cast<std::size_t>(RunGroup::offload)];
  CHECK(offloaded > 0);
  for (const DeviceRun& r : answer.runs) {
    INFO(r.name);
    if (r.run.group == RunGroup::offload) CHECK(r.run.host <= answer.assumed_host);
    if (r.run.group == RunGroup::no) CHECK_FALSE(r.run.speed);
    else CHECK(r.run.needs <= r.run.usable);
  }
}

TEST_CASE("where vLLM would refuse its default of sequences, fewer are taken and told") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario scenario;
  scenario.model = "qwen3.5-27b";
  scenario.engine = "vllm";
  scenario.format = "fp8";
  DevicesQuestion question;
  question.kinds = {DeviceKind::gpu};
  const DevicesAnswer settled = compare_devices(estimator, scenario, question);
  question.settle = false;
  const DevicesAnswer as_asked = compare_devices(estimator, scenario, question);
  int lowered = 0;
  for (const DeviceRun& r : settled.runs) {
    if (!r.run.max_num_seqs) continue;
    ++lowered;
    CHECK(r.run.group != RunGroup::no);
    const auto same = std::find_if(as_asked.runs.begin(), as_asked.runs.end(),
                                   [&](const DeviceRun& x) { return x.name == r.name; });
    REQUIRE(same != as_asked.runs.end());
    CHECK(same->run.group == RunGroup::no);
    // What is told is enough.
    Scenario told = scenario;
    told.devices = {{r.name, 1}};
    told.max_num_seqs = r.run.max_num_seqs;
    CHECK(estimator.estimate(told, false).fit.fits);
  }
  CHECK(lowered > 0);
}

TEST_CASE("what lacks room on the host needs more than the device has") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario scenario;
  scenario.model = "qwen3-235b-a22b";
  scenario.format = "q4_k_m";
  const DevicesAnswer answer = compare_devices(estimator, scenario, {});
  for (const DeviceRun& r : answer.runs) {
    if (r.run.group == RunGroup::no) CHECK(r.run.needs > r.run.usable);
  }
}

TEST_CASE("orders: smallest, cheapest, fastest first within a group") {
  DevicesQuestion question;
  question.kinds = {DeviceKind::gpu};
  for (const DeviceOrder order : {DeviceOrder::memory, DeviceOrder::price, DeviceOrder::speed}) {
    question.order = order;
    const DevicesAnswer answer = devices(asking_for("qwen3-8b"), question);
    for (std::size_t i = 1; i < answer.runs.size(); ++i) {
      const DeviceRun& a = answer.runs[i - 1];
      const DeviceRun& b = answer.runs[i];
      if (a.run.group != b.run.group) continue;
      if (order == DeviceOrder::memory && a.memory_gb && b.memory_gb) CHECK(*a.memory_gb <= *b.memory_gb);
      if (order == DeviceOrder::price && b.usd) CHECK((a.usd && *a.usd <= *b.usd));
      if (order == DeviceOrder::speed && a.run.speed && b.run.speed)
        CHECK(a.run.speed->decode_tok_s.value >= b.run.speed->decode_tok_s.value);
    }
  }
}

TEST_CASE("an engine that does not know a device leaves it out with a reason") {
  Scenario scenario = asking_for("qwen3-8b");
  scenario.engine = "mlx";
  scenario.format = "mlx-4bit";
  const DevicesAnswer answer = devices(scenario, {});
  for (const DeviceRun& r : answer.runs) CHECK(r.device->vendor == catalog::Vendor::apple);
  REQUIRE_FALSE(answer.left_out.empty());
  CHECK(answer.left_out.front().count > 100);
}

TEST_CASE("what does not meet the requirements is left out and counted") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario scenario;
  scenario.model = "qwen3-8b";
  scenario.format = "q4_k_m";
  const DevicesAnswer all = compare_devices(estimator, scenario, {});
  scenario.require.decode_tok_s = 60;
  const DevicesAnswer fast = compare_devices(estimator, scenario, {});
  REQUIRE_FALSE(fast.runs.empty());
  for (const DeviceRun& r : fast.runs) CHECK(r.run.speed->decode_tok_s.value >= 60);
  int unmet = 0;
  for (const LeftOut& l : fast.left_out) unmet += l.reason == "decode_tok_s 60 is required" ? l.count : 0;
  CHECK(fast.runs.size() + static_cast<std::size_t>(unmet) == all.runs.size());

  Scenario machine;
  machine.devices = {{"rtx-4090", 1}};
  machine.require.context = 100'000;
  const ModelsAnswer models = compare_models(estimator, machine, {catalog::UseCase::chat, "qwen3", false});
  REQUIRE_FALSE(models.runs.empty());
  for (const ModelRun& m : models.runs) CHECK(m.run.max_context.value_or(0) >= 100'000);
}

TEST_CASE("models on a machine: all that may run, the best first") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario scenario;
  scenario.devices = {{"rtx-3060-12gb", 1}};
  const ModelsAnswer answer = compare_models(estimator, scenario, {});
  CHECK(answer.runs.size() > 80);
  const auto coarse = [](const ModelRun& m) {
    return m.run.group == RunGroup::great ? RunGroup::well : m.run.group;
  };
  for (std::size_t i = 1; i < answer.runs.size(); ++i) {
    const ModelRun& a = answer.runs[i - 1];
    const ModelRun& b = answer.runs[i];
    CHECK(coarse(a) <= coarse(b));
    const bool alike =
        coarse(a) == coarse(b) && (a.kept.grade == Grade::poor) == (b.kept.grade == Grade::poor);
    if (!alike || !b.ability) continue;
    REQUIRE(a.ability);  // what has no scores comes last
    CHECK(a.ability->cautious_score() * a.kept.share > b.ability->cautious_score() * b.kept.share - 1);
  }
  CHECK(answer.runs.front().ability);
  // With room, a small model comes in a better format than a large one.
  const auto format = [&](const char* id) {
    const auto it = std::find_if(answer.runs.begin(), answer.runs.end(),
                                 [&](const ModelRun& m) { return m.model->id == id; });
    REQUIRE(it != answer.runs.end());
    return it->run.format->bits;
  };
  CHECK(format("qwen3-4b") > format("qwen3-14b"));
  CHECK_THROWS_AS(compare_models(estimator, Scenario{}, {}), Error);
}

TEST_CASE("the use case says which models are meant") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario scenario;
  scenario.devices = {{"rtx-4090", 1}};
  const ModelsAnswer embedding =
      compare_models(estimator, scenario, {catalog::UseCase::embedding, "", false});
  REQUIRE_FALSE(embedding.runs.empty());
  for (const ModelRun& m : embedding.runs)
    CHECK((m.model->kind == "embedding" || m.model->kind == "reranker"));
  const ModelsAnswer vision = compare_models(estimator, scenario, {catalog::UseCase::vision, "", false});
  REQUIRE_FALSE(vision.runs.empty());
  for (const ModelRun& m : vision.runs) CHECK(m.model->modality.find("image") != std::string_view::npos);
}

TEST_CASE("devices that an engine leaves idle are not those with the least room") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario scenario;
  scenario.model = "qwen3-8b";
  scenario.engine = "vllm";
  scenario.devices = {{"rtx-4090", 7}};  // no number of heads divides by 7
  const Run run = run_of(estimator.estimate(scenario));
  CHECK(run.needs > units::gib(10));
}
