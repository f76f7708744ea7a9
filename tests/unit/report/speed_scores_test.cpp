#include "report/speed_scores.hpp"

#include "catch.hpp"

using namespace qwenfit;
using report::Form;
using report::Style;

namespace {

/// Two measurements with their rows.
struct Sample {
  measure::Row row;
  measure::Quantity decode{"/speed/decode_tok_s/value", 100, 0};
  measure::Quantity whole{"@e2e_gen_tok_s", 80, 0};
  measure::Outcome outcome;

  Sample() {
    row.id = "a";
    row.source = "https://example.org/x,y";
    row.cell = "c";
    measure::SpeedTraits traits;
    traits.target = "single local";
    traits.engine = "llama.cpp";
    traits.device = "rtx-4090";
    traits.devices = 1;
    traits.model = "qwen3-8b";
    traits.format = "q4_k_m";
    traits.backend = "cuda";
    traits.kind = "dense";
    traits.concurrency = 16;
    traits.depth = 576;
    traits.sheet = 1000;
    traits.textbook = 130;
    outcome.comparisons.push_back({&row, &decode, "ollama", 110, 90, 130, traits});
    traits.concurrency = 3;
    traits.depth = 70000;
    traits.target = "transformers";
    outcome.comparisons.push_back({&row, &whole, "ollama", 40, std::nullopt, std::nullopt, traits});
  }
};

}  // namespace

TEST_CASE("a row of speed has its setup, both figures and the error") {
  const Sample sample;
  CHECK(report::render(report::speed_rows_table(sample.outcome), Form::csv, Style{}) ==
        "id,source,group,device,device_count,model,format,engine,engine_family,backend,concurrency,depth,"
        "metric,measured,predicted,low,high,error\n"
        "a,\"https://example.org/x,y\",single local,rtx-4090,1,qwen3-8b,q4_k_m,ollama,llama.cpp,cuda,16,576,"
        "decode_tok_s,100,110,90,130,0.1\n"
        "a,\"https://example.org/x,y\",transformers,rtx-4090,1,qwen3-8b,q4_k_m,ollama,llama.cpp,cuda,3,70000,"
        "e2e_gen_tok_s,80,40,,,-0.5\n");
}

TEST_CASE("groups that are numbers come in their order") {
  const Sample sample;
  const auto names = [&](std::string (*key)(const measure::SpeedTraits&)) {
    std::vector<std::string> texts;
    for (const auto& row : report::speed_scores_table(sample.outcome, "x", key).rows)
      texts.push_back(row.front().text);
    return texts;
  };
  CHECK(names([](const measure::SpeedTraits& t) { return t.concurrency_bin(); }) ==
        std::vector<std::string>{"2-4", "5-16"});
  CHECK(names([](const measure::SpeedTraits& t) { return t.depth_bin(); }) ==
        std::vector<std::string>{"0-1024", "65537+"});
}

TEST_CASE("the plain formulas stand beside the scores on 80 columns") {
  const Sample sample;
  const std::string text =
      report::render(report::speed_scores_table(sample.outcome, "target",
                                                [](const measure::SpeedTraits& t) { return t.target; }),
                     Form::text, Style{80, false, true});
  CHECK_THAT(text, ContainsText("bw/size 65%bw quick\n"));
  CHECK_THAT(text, ContainsText(" 900%  550% 30.0%\n"));
}
