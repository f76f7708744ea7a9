// What a run says in every form.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "plan_reader.hpp"
#include "report/check.hpp"

using namespace qwenfit;
using namespace qwenfit::plan;
using nlohmann::json;

namespace {

/// A run over commands with something of everything: a pass, an error, an open question, somebody else's
/// model.
Report run(FailOn* = nullptr, const Options& given = {}) {
  static Estimator estimator(catalog::Catalog::builtin());
  Options options = given;
  if (options.device.empty()) options.device = "h100";
  Report report = read_plan("deploy/a,b%.sh",
                            "vllm serve Qwen/Qwen3-8B --max-model-len 8192\n"
                            "vllm serve Qwen/Qwen3-235B-A22B -tp 3\n"
                            "vllm serve Qwen/Qwen3-8B --max-model-len $LEN\n"
                            "vllm serve 'meta-llama/<b>&\x1b[31m|x'\n",
                            options);
  check(report, options, estimator);
  return report;
}

}  // namespace

TEST_CASE("Verdicts and exit codes") {
  const Report r = run();
  REQUIRE(r.deployments.size() == 4);
  CHECK(r.deployments[0].judgement == Judgement::pass);
  CHECK(r.deployments[1].judgement == Judgement::fail);
  CHECK(r.deployments[2].judgement == Judgement::unknown);
  CHECK(r.deployments[3].judgement == Judgement::not_checked);
  CHECK(exit_status(r, FailOn::error) == 1);
  Report open = r;
  open.deployments.erase(open.deployments.begin() + 1);
  CHECK(exit_status(open, FailOn::error) == 3);
  CHECK(exit_status(open, FailOn::unknown) == 1);
  Report passing = r;
  passing.deployments.resize(1);
  CHECK(exit_status(passing, FailOn::warning) == 0);
  Report foreign = r;
  foreign.deployments.erase(foreign.deployments.begin(), foreign.deployments.begin() + 3);
  CHECK(exit_status(foreign, FailOn::error) == 3);
  CHECK(exit_status({}, FailOn::error) == 0);
}

TEST_CASE("SARIF as code scanning takes it: one run, rules listed, a location for every result") {
  const json sarif = json::parse(report::check_sarif(run(), "1.2.3"));
  CHECK(sarif["version"] == "2.1.0");
  REQUIRE(sarif["runs"].size() == 1);
  const json& driver = sarif["runs"][0]["tool"]["driver"];
  CHECK(driver["rules"].size() == rules().size());
  REQUIRE_FALSE(sarif["runs"][0]["results"].empty());
  for (const json& result : sarif["runs"][0]["results"]) {
    CHECK(driver["rules"].at(result["ruleIndex"].get<std::size_t>())["id"] == result["ruleId"]);
    CHECK((result["level"] == "error" || result["level"] == "warning" || result["level"] == "note"));
    const json& place = result["locations"].at(0)["physicalLocation"];
    CHECK(place["artifactLocation"]["uri"] == "deploy/a%2Cb%25.sh");
    CHECK(place["region"]["startLine"].get<int>() >= 1);
    CHECK(result["partialFingerprints"]["qwenfit/v1"].get<std::string>().size() == 16);
    CHECK_FALSE(result["message"]["text"].get<std::string>().empty());
  }
}

TEST_CASE("Every check that is found is a rule") {
  for (const Deployment& d : run().deployments) {
    for (const Finding& f : d.findings) {
      bool known = false;
      for (const Rule& rule : rules()) known = known || rule.id == f.id;
      INFO(f.id);
      CHECK(known);
    }
  }
}

TEST_CASE("JUnit: failures, skips, nothing that XML would not have") {
  const std::string xml = report::check_junit(run());
  CHECK_THAT(xml, ContainsText("<testsuite name=\"deploy/a,b%.sh\""));
  CHECK_THAT(xml, ContainsText("<failure type=\"heads-not-divisible\""));
  CHECK_THAT(xml, ContainsText("<skipped message=\"note: "));
  CHECK_THAT(xml, ContainsText("&lt;b&gt;&amp;"));
  CHECK(xml.find('\x1b') == std::string::npos);
}

TEST_CASE("GitHub: annotations with escaped properties, a summary in Markdown") {
  const std::string github = report::check_github(run());
  CHECK_THAT(github,
             ContainsText("::error file=deploy/a%2Cb%25.sh,line=2,title=qwenfit heads-not-divisible::"));
  CHECK_THAT(github, ContainsText("::notice "));
  CHECK(github.find('\x1b') == std::string::npos);
  const std::string markdown = report::check_markdown(run());
  CHECK_THAT(markdown, ContainsText("| fail |"));
  CHECK_THAT(markdown, ContainsText("\\|x"));
  CHECK(markdown.find("<b>") == std::string::npos);
}

TEST_CASE("Files are named as CI systems look for them") {
  CHECK(report::repository_path("./deploy/../a.sh") == "a.sh");
  CHECK(report::repository_path("deploy//b.sh") == "deploy/b.sh");
  CHECK(report::repository_path("../c.sh") == "../c.sh");
  CHECK(report::repository_path("command line") == "command line");
  const std::filesystem::path here = std::filesystem::current_path();
  CHECK(report::repository_path((here / "deploy" / "d.sh").string()) == "deploy/d.sh");
  CHECK(report::repository_path((here.parent_path() / "e.sh").string()) ==
        (here.parent_path() / "e.sh").generic_string());
  // One file is one file, however it is written.
  Deployment d;
  d.file = "./deploy/a.sh";
  const std::string before = fingerprint(d, {});
  d.file = "deploy/a.sh";
  CHECK(fingerprint(d, {}) == before);
}

TEST_CASE("A command line stands in no file") {
  Report r;
  read_command({"vllm", "serve", "Qwen/Qwen3-8B"}, {}, r);
  CHECK(report::summary_sentence(r).starts_with("1 deployment: "));
  CHECK(report::summary_sentence({}).starts_with("0 deployments in 0 files: "));
}

TEST_CASE("TAP: one point a deployment, what is not decided is skipped") {
  const std::string tap = report::check_tap(run());
  CHECK(tap.starts_with("TAP version 13\n1..4\nok 1 - "));
  CHECK_THAT(tap, ContainsText("not ok 2 - "));
  CHECK_THAT(tap, ContainsText("# SKIP unknown"));
  CHECK_THAT(tap, ContainsText("# SKIP not-checked"));
}

TEST_CASE("Suppressions need a check and a reason") {
  const auto findings = [](const std::string& comment) {
    static Estimator estimator(catalog::Catalog::builtin());
    Options options;
    options.device = "h100:3";
    Report r = read_plan("a.sh", comment + "\nvllm serve Qwen/Qwen3-8B -tp 3\n", options);
    check(r, options, estimator);
    return r;
  };
  CHECK(findings("").deployments[0].judgement == Judgement::fail);
  // What keeps it from being estimated does not count, but nothing says that it fits.
  for (const char* comment :
       {"# qwenfit: ignore heads-not-divisible a fork pads the heads", "# qwenfit: ignore all not in use"}) {
    const Report suppressed = findings(comment);
    CHECK(suppressed.deployments[0].judgement == Judgement::not_checked);
    CHECK(has_finding(suppressed.deployments[0], "not-estimated"));
    CHECK(exit_status(suppressed, FailOn::error) == 0);
  }
  const Report reasonless = findings("# qwenfit: ignore heads-not-divisible");
  CHECK(reasonless.deployments[0].judgement == Judgement::fail);
  CHECK(has_finding(reasonless.deployments[0], "suppression-ignored"));
  CHECK(
      has_finding(findings("# qwenfit: ignore no-such-check because").deployments[0], "suppression-ignored"));
  // Annotations, labels and plans are no comments.
  Options options;
  options.device = "h100";
  Report plan =
      read_plan("qwenfit.plan.json",
                R"({"schema": 1, "deployments": [{"name": "a", "model": "qwen3-8b", "engine": "vllm",)"
                R"( "ignore": {"no-such-check": "because"}}]})",
                options);
  Estimator estimator(catalog::Catalog::builtin());
  check(plan, options, estimator);
  CHECK(has_finding(plan.deployments.at(0), "suppression-ignored"));
}

TEST_CASE("A baseline takes known findings out, wherever their lines have moved") {
  const Report before = run();
  Options options;
  const json baseline = json::parse(report::check_baseline(before));
  for (const json& f : baseline["findings"]) options.baseline.insert(f["fingerprint"].get<std::string>());
  const Report after = run(nullptr, options);
  for (const Deployment& d : after.deployments) {
    for (const Finding& f : d.findings) CHECK((f.suppressed == "baseline" || f.id == "not-estimated"));
  }
  CHECK(exit_status(after, FailOn::error) != 1);
}

TEST_CASE("The plan that init writes is read back as the same deployments") {
  const Report first = read_sample("vllm.yaml");
  const Report again = read_plan("qwenfit.plan.json", report::check_plan(first));
  REQUIRE(again.deployments.size() == 1);
  CHECK(again.deployments[0].findings.empty());
  CHECK(again.deployments[0].model_id == "qwen3-32b");
  CHECK(again.deployments[0].scenario.context == 32000);
  CHECK(again.deployments[0].scenario.tensor_parallel == 2);
  CHECK(again.deployments[0].replicas == 2);
  CHECK(again.deployments[0].scenario.require.concurrency == 4);
}
