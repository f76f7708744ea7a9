#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/model.hpp"

using namespace qwenfit;
using model::Layout;

namespace {

const catalog::Model& find(std::string_view id) {
  const catalog::Model* m = catalog::Catalog::builtin().model(id);
  REQUIRE(m != nullptr);
  return *m;
}

model::ParameterCount count(std::string_view id) {
  return model::count_parameters(model::build_inventory(find(id), Layout::checkpoint));
}

}  // namespace

TEST_CASE("every published parameter count follows from the geometry") {
  int checked = 0;
  for (const catalog::Model* m : catalog::Catalog::builtin().models()) {
    for (const std::string& problem : model::check_counts(*m)) FAIL_CHECK(problem);
    for (const catalog::PublishedCount& p : m->published_counts) {
      checked += p.exception.empty() && (p.of == "checkpoint" || p.of == "loaded") ? 1 : 0;
    }
  }
  CHECK(checked >= 90);
}

TEST_CASE("counts of every generation, by part") {
  CHECK(count("qwen-7b").total == 7721324544);
  CHECK(count("qwen1.5-moe-a2.7b").active == 2689173504);
  CHECK(count("qwen2.5-0.5b").total == 494032768);
  CHECK(count("qwen3-0.6b").total == 596049920);
  CHECK(count("qwen3-0.6b").checkpoint == 751632384);
  CHECK(count("qwen3-30b-a3b").total == 30532122624);
  CHECK(count("qwen3-next-80b-a3b-instruct").total == 81324862720);
  const auto dense = count("qwen3.5-27b");
  CHECK(dense.text == 26895998464);
  CHECK(dense.mtp == 424699392);
  CHECK(dense.vision == 460730096);
  const auto flash = count("qwen3.8-flash-next");
  CHECK(flash.text == 125743653760);
  CHECK(flash.mtp == 2607150848);
  CHECK(flash.ngram == 51200245760);
  CHECK(flash.active == 7306994560);
  CHECK(count("qwen3-omni-30b-a3b-instruct").total == 35259818545);
  CHECK(count("qwen2.5-omni-7b").talker == 1351360256);
}

TEST_CASE("both layouts hold the same parameters") {
  for (const catalog::Model* m : catalog::Catalog::builtin().models()) {
    if (m->arch == catalog::Arch::unknown) continue;
    INFO(m->id);
    const auto a = model::count_parameters(model::build_inventory(*m, Layout::checkpoint));
    const auto b = model::count_parameters(model::build_inventory(*m, Layout::gguf));
    CHECK(a.total == b.total);
  }
}

TEST_CASE("only full-attention layers hold a KV cache") {
  CHECK(model::kv_layers(find("qwen3-8b")) == 36);
  CHECK(model::kv_elements_per_token(find("qwen3-8b")) * 2 == 147456);
  CHECK(model::kv_layers(find("qwen3.5-27b")) == 16);
  CHECK(model::kv_elements_per_token(find("qwen3.5-27b")) * 2 == 65536);
  CHECK(model::kv_elements_per_token(find("qwen3.8-2.4t-a95b")) * 2 == 94208);
  CHECK(model::kv_elements_per_token(find("qwen3.8-flash-next")) == 12 * (1024 + 128));
}

TEST_CASE("recurrent state is fixed per sequence") {
  const auto none = model::recurrent_state(find("qwen3-8b"));
  CHECK(none.conv_elements + none.state_elements == 0);
  const auto state = model::recurrent_state(find("qwen3.5-27b"));
  CHECK(state.layers == 48);
  CHECK((state.conv_elements + state.state_elements) * 4 == 156893184);
  const auto flash = model::recurrent_state(find("qwen3.8-flash-next"));
  CHECK((flash.conv_elements + flash.state_elements) * 4 == 117669888 + 368640);
}

TEST_CASE("a model of unknown geometry is refused, not guessed") {
  catalog::Model model = find("qwen3-8b");
  model.arch = catalog::Arch::unknown;
  CHECK_THROWS_AS(model::build_inventory(model, Layout::checkpoint), Error);
}
