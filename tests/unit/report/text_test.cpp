// The text of an estimate, on estimates made by hand: what is printed is only what they hold.
#include <sstream>

#include "catch.hpp"
#include "report/report.hpp"

using namespace qwenfit;

namespace {

const catalog::Catalog& data() {
  return catalog::Catalog::builtin();
}

Estimate sample(int devices = 1) {
  Estimate e;
  auto weights = std::make_shared<format::Weights>();
  weights->format = data().format("q4_k_m");
  e.setup.model = data().model("qwen3-8b");
  e.setup.engine = data().engine("llama.cpp");
  e.setup.weights = weights;
  e.setup.context = 8192;
  e.setup.devices.assign(static_cast<std::size_t>(devices), {data().device("rtx-4090"), std::nullopt});
  e.scenario.kv_type = "f16";
  e.model = {8'190'735'360, 8'190'735'360, 36, 36, 32768, 131072};
  e.weights.bits_per_weight = 4.89;
  e.kv.bytes_per_token = 147'456;
  for (int i = 0; i < std::max(devices, 1); ++i) {
    engine::DeviceMemory d;
    d.weights = 5 * units::kGiB;
    d.kv_cache = units::kGiB;
    d.compute = units::mib(256);
    d.runtime = units::mib(256);
    if (devices > 0) {
      d.capacity = 24 * units::kGiB;
      d.usable = 20 * units::kGiB;
    }
    e.memory.devices.push_back(d);
  }
  if (devices > 0) {
    e.fit.fits = true;
    e.fit.verdict = Verdict::comfortable;
    e.fit.reason = "needs 6.50 GiB of 20.0 GiB usable";
    e.fit.max_context = 100'000;
    e.fit.max_concurrency = 12;
    e.speed = speed::Speed{{128, 109, 148},
                           {128, 109, 148},
                           {7.81, 6.76, 9.17},
                           {6120, 4900, 7340},
                           {92, 70, 120},
                           speed::Bound::memory,
                           speed::Confidence::calibrated,
                           12,
                           false,
                           "",
                           {}};
  }
  return e;
}

std::string shown(const Estimate& e, int width = 80) {
  return report::text(e, report::Style{width, false, true});
}

void contains(const std::string& text, const std::string& part) {
  INFO(text << "\n--- lacks: " << part);
  CHECK(text.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("the whole text of a simple estimate") {
  Estimate e = sample();
  e.hints = {"Q8_0 fits too"};
  e.notes = {"a note"};
  CHECK(shown(e) == &R"(
Qwen3-8B Q4_K_M, llama.cpp on NVIDIA GeForce RTX 4090
8.19B parameters, context 8,192, KV cache f16

Fits comfortably: needs 6.50 GiB of 20.0 GiB usable

█████████████████▓▓▓░▪·············································╌╌╌╌╌╌╌╌╌╌╌╌╌

█ weights    5.00 GiB  21%  4.89 bits per weight
▓ KV cache   1.00 GiB   4%  8,192 tokens, 144 KiB each
░ compute    0.25 GiB   1%
▪ runtime    0.25 GiB   1%
· free      13.50 GiB  56%
╌ reserved   4.00 GiB  17%  out of the engine's reach

Decode       128 tok/s   109 to 148, 7.81 ms a token
Prefill    6,120 tok/s   4,900 to 7,340
TTFT        92.0 ms      70.0 to 120, after a prompt of 512 tokens
Context  100,000 tokens  the longest that fits, with YaRN factor 4 beyond 32,768
Users         12         the most at once, 8,192 tokens each

Decoding is bound by memory; calibrated on 12 measurements. Ranges hold four
times of five.

→ Q8_0 fits too

- a note
)"[1]);
}

TEST_CASE("no line is wider than the terminal, whatever its width and charset") {
  Estimate e = sample();
  e.memory.devices[0].weights = 40 * units::kGiB;
  e.fit = {false, Verdict::does_not_fit, 4096, std::nullopt, "needs 41.5 GiB of 20.0 GiB usable"};
  e.requirements = {{"decode_tok_s", "25", "unknown", std::nullopt}, {"fits", "true", "false", false}};
  e.hints = {
      "a hint that is long enough to be wrapped on each of the terminals that are tried out here, and then "
      "some"};
  e.derivation = {{"Weights", "parameters x bits", "8.19B x 4.89 / 8", "5.00 GiB",
                   "a source with a_very_long_name_without_blanks_that_has_to_be_cut_somewhere"}};
  for (const bool unicode : {true, false}) {
    for (int width = 40; width <= 120; ++width) {
      std::istringstream lines(report::text(e, report::Style{width, false, unicode}));
      for (std::string line; std::getline(lines, line);) {
        INFO(width << ": " << line);
        CHECK(report::columns(line) <= width);
        if (!unicode) CHECK(line.find_first_of("\x80\xe2\xc2") == std::string::npos);
      }
    }
  }
}

TEST_CASE("colour changes no character") {
  const Estimate e = sample();
  std::string coloured = report::text(e, report::Style{80, true, true});
  REQUIRE(coloured.find("\x1b[1;32mFits comfortably") != std::string::npos);
  for (std::size_t at; (at = coloured.find('\x1b')) != std::string::npos;)
    coloured.erase(at, coloured.find('m', at) + 1 - at);
  CHECK(coloured == shown(e));
}

TEST_CASE("what is too much stands behind the line") {
  Estimate e = sample();
  e.memory.devices[0].weights = 33 * units::kGiB + units::kGiB / 2;
  e.memory.devices[0].capacity = e.memory.devices[0].usable = 20 * units::kGiB;
  e.fit = {false, Verdict::does_not_fit, std::nullopt, std::nullopt, "needs 35.0 GiB of 20.0 GiB usable"};
  const std::string text = shown(e, 70);
  contains(text, "Does not fit: needs 35.0 GiB of 20.0 GiB usable\n");
  contains(text, "│ too much  15.00 GiB  43%  beyond the usable memory\n");
  CHECK(text.find("tok/s") == std::string::npos);  // what does not run has no speed
  const auto line = text.find("\n████");
  const auto bar = text.substr(line + 1, text.find('\n', line + 1) - line - 1);
  CHECK(report::columns(bar) == 70);
  CHECK(report::columns(bar.substr(0, bar.find("│"))) == 40);  // 20 of 35
}

TEST_CASE("without a device there is memory and nothing else") {
  const std::string text = shown(sample(0));
  contains(text, "Qwen3-8B Q4_K_M, llama.cpp\n");
  contains(text, "Needs 6.50 GiB\n");
  contains(text, "█ weights   5.00 GiB  77%  4.89 bits per weight\n");
  CHECK(text.find("free") == std::string::npos);
  CHECK(text.find("Users") == std::string::npos);
}

TEST_CASE("equal devices share a bar, unlike ones and the host have their own") {
  Estimate e = sample(4);
  std::string text = shown(e);
  contains(text, "llama.cpp on 4x NVIDIA GeForce RTX 4090\n");
  contains(text, "4x NVIDIA GeForce RTX 4090, each\n");
  contains(text, "its share of 8,192 tokens, 144 KiB each\n");
  e.memory.devices[3].weights += units::kGiB;
  e.memory.host.weights = 2 * units::kGiB;
  text = shown(e);
  contains(text, "\n3x NVIDIA GeForce RTX 4090, each\n");
  contains(text, "\nNVIDIA GeForce RTX 4090\n");
  contains(text, "\nhost memory\n");
  contains(text, "█ weights  2.00 GiB  100%\n");
}

TEST_CASE("many sequences, a pool, a refusal, offload, cost") {
  Estimate e = sample();
  e.setup.concurrency = 8;
  e.speed->decode_tok_s_total = {900, 800, 1000};
  e.cost = Cost{0.59, std::nullopt, std::nullopt, 0.18, std::nullopt, "a list", "2026-01-01"};
  std::string text = shown(e);
  contains(text, "context 8,192 x 8 sequences");
  contains(text, "109 to 148 for each, 7.81 ms a token\n");
  contains(text, "800 to 1,000 for all 8 together\n");
  contains(text, "the longest that fits for 8 sequences");
  contains(text, "0.59 USD/h   0.18 USD per million output tokens; a cloud price of\n");

  e.memory.pool = engine::Pool{};
  e.memory.pool->kv_tokens = 103'424;
  contains(shown(e), "a pool of 103,424 tokens\n");

  e.fit.verdict = Verdict::offload;
  contains(shown(e), "Fits with a part in host memory: ");

  e.memory.refusal = "no memory is left for the KV cache";
  contains(shown(e), "llama.cpp would not start: no memory is left for the KV cache\n");
}

TEST_CASE("fine-tuning shows what training holds") {
  Estimate e = sample();
  TrainMemory t;
  t.weights = 6 * units::kGiB;
  t.adapters = units::kGiB;
  t.optimizer = 2 * units::kGiB;
  t.activations = 3 * units::kGiB;
  t.runtime = units::kGiB;
  t.capacity = t.usable = 24 * units::kGiB;
  e.train = {t};
  const std::string text = shown(e);
  contains(text, "▞ optimizer     2.00 GiB   8%\n");
  contains(text, "· free         11.00 GiB  46%\n");
  CHECK(text.find("KV cache  ") == std::string::npos);
  CHECK(text.find("tok/s") == std::string::npos);
}

TEST_CASE("requirements say met, not met, or that it can't be told") {
  Estimate e = sample();
  e.requirements = {{"fits", "true", "true", true},
                    {"ttft_ms", "50", "92", false},
                    {"usd_per_million_tokens", "2", "unknown", std::nullopt}};
  const std::string text = shown(e);
  contains(text, "✓ met         fits\n");
  contains(text, "✗ not met     first token within 50 ms: it is 92\n");
  contains(text, "? can't tell  at most 2 USD per million output tokens: it is unknown\n");
}

TEST_CASE("names from outside can't send the terminal orders") {
  Estimate e = sample();
  e.notes = {"from \x1b[2J a file\x07"};
  e.hints = {"\x1b]0;title\x07"};
  const std::string text = shown(e);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
  CHECK(report::markdown(e).find('\x1b') == std::string::npos);
}
