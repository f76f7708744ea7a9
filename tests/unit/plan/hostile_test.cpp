// Input that means no good: bounded time and memory, a clear sentence, never a crash.

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "plan/yaml_tree.hpp"
#include "plan_reader.hpp"
#include "qwenfit/error.hpp"

using namespace qwenfit;
using namespace qwenfit::plan;

namespace {

std::string refusal(const std::string& yaml) {
  try {
    parse_yaml(yaml, 1);
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

std::string repeated(const std::string& text, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("Aliases that unfold without end, and anchors that refer to themselves") {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeated(before + ",", 9) + before +
            "]\n";
  }
  CHECK_THAT(refusal(bomb), ContainsText("unfold"));
  CHECK_THAT(refusal("a: &a [1, *a]"), ContainsText("refers to itself"));
  CHECK_THAT(refusal("a: &a {b: *a}"), ContainsText("refers to itself"));
}

TEST_CASE("Deep nesting") {
  CHECK_THAT(refusal(repeated("[", 5000)), ContainsText("line 1"));
  CHECK_THAT(refusal(repeated("{a: ", 5000)), ContainsText("line 1"));
  CHECK_THAT(refusal(repeated("- ", 3000) + "x"), ContainsText("line 1"));
}

TEST_CASE("Binary junk, huge numbers, escapes, broken YAML") {
  CHECK(read_plan("x.yaml", std::string("\0\1\2qwen vllm", 12)).deployments.empty());
  const Report huge = read_plan(
      "x.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\e[31mb\"}\nspec:\n  replicas: "
      "99999999999999999999999\n  containers:\n"
      "    - image: vllm/vllm-openai\n      args: [--model, Qwen/Qwen3-8B, --tensor-parallel-size, '1e300']\n"
      "      resources: {limits: {nvidia.com/gpu: 1e18}}\n");
  REQUIRE(huge.deployments.size() == 1);
  CHECK(has_finding(huge.deployments[0], "invalid-flag"));
  CHECK(huge.deployments[0].replicas == 1);
  const Report broken = read_plan("x.yaml", "a: [b\nvllm: Qwen/Qwen3-8B\n\t- x: {");
  REQUIRE(broken.deployments.size() == 1);
  CHECK(has_finding(broken.deployments[0], "unreadable"));
}

TEST_CASE("Repeated pieces: one deployment that says what can't be told") {
  /// What the one deployment of `text` leaves open or complains of.
  const auto said = [](const char* name, const std::string& text) {
    const Report r = read_plan(name, text);
    REQUIRE(r.deployments.size() == 1);
    const Deployment& d = r.deployments[0];
    std::string all = d.model;
    for (const std::string& entry : d.unresolved) all += "; " + entry;
    for (const Finding& f : d.findings) all += "; " + f.id + ": " + f.message;
    return all;
  };
  CHECK(said("a.sh", "vllm serve Qwen/Qwen3-8B\n") == "Qwen/Qwen3-8B");
  const Report many =
      read_plan("a.sh", repeated("vllm serve Qwen/Qwen3-8B --max-model-len 8192 \\\n # x\n", 2000));
  REQUIRE(many.deployments.size() == 1);  // the same start, again and again
  CHECK(many.deployments[0].scenario.context == 8192);
  CHECK_THAT(said("a.sh", "vllm serve " + repeated("\"$(", 5000)), ContainsText("$( without its end"));
  CHECK_THAT(said("a.sh", "vllm serve qwen " + repeated("$(", 200000)), ContainsText("$( without its end"));
  CHECK_THAT(said("a.sh", "vllm serve qwen " + repeated("${A:-", 5000)), ContainsText("${ without its end"));
  CHECK_THAT(said("a.yaml", "qwen: vllm\nx: " + repeated("'", 20001)), ContainsText("unreadable: line 2"));
  CHECK_THAT(said("a.yaml", "qwen: vllm\nx: " + repeated("{", 200000)),
             ContainsText("more than 10,000 brackets are open"));
  CHECK_THAT(said("a.yaml", repeated("qwen: vllm\n", 10000)), ContainsText("unreadable: 'qwen'"));
  CHECK_THAT(said("a.tpl", repeated("{{ qwen vllm", 5000)), ContainsText("unreadable: line 1"));
  CHECK_THAT(said("a.sh", repeated("f() {\n", 100000) + "vllm serve Qwen/Qwen3-8B"),
             ContainsText("Qwen/Qwen3-8B"));
  CHECK_THAT(said("a.sh", repeated("A=( ", 100000) + "vllm serve qwen"), ContainsText("unreadable: 'qwen'"));
  CHECK_THAT(said("Dockerfile", repeated("RUN qwen vllm \\\n", 5000)), ContainsText("unreadable: 'qwen'"));
  CHECK_THAT(said("a.md", repeated("```\nqwen vllm ", 2000)), ContainsText("unreadable: 'qwen'"));
}

TEST_CASE("2,000 starts are a plan, more are none") {
  const auto starts = [](int n) {
    std::string text;
    for (int i = 0; i < n; ++i)
      text += "vllm serve Qwen/Qwen3-8B --max-model-len " + std::to_string(1000 + i) + "\n";
    return read_plan("a.sh", text);
  };
  CHECK(starts(2000).deployments.size() == 2000);
  const Report more = starts(2001);
  CHECK(more.deployments.empty());
  REQUIRE(more.skipped.size() == 1);
  CHECK(more.skipped[0].unreadable);
  CHECK_THAT(more.skipped[0].reason, ContainsText("more than 2,000 engines"));
}

TEST_CASE("A folder or file that can't be read is an error that names it") {
  Report report;
  CHECK_THROWS_AS(read_path("/nonexistent/plan.yaml", {}, report), Error);
}

TEST_CASE(
    "A named file that can't be read as anything is no pass; in a folder it is skipped with the reason") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / "qwenfit-unreadable-test";
  fs::create_directories(folder);
  const std::pair<const char*, std::string> files[] = {
      {"binary.yaml", std::string("MZ\0\0\1\2\3\4", 8)},
      {"wide.yaml", std::string("\xff\xfeh\0i\0", 6)},
      {"controls.sh", "\x01\x02\x03\x04\x05\x06\x07 vllm"},
      {"broken.yaml", "kind: Deployment\nspec:\n  containers: [{image: vllm/vllm-openai\n"},
      {"other.yaml", "a: {b: [1, 2\n"},
      {"broken.json", "{\"a\": "},
      {"empty.yaml", " \n"}};
  for (const auto& [name, text] : files) {
    std::ofstream(folder / name, std::ios::binary) << text;
    Report named;
    read_path((folder / name).string(), {}, named);
    INFO(name);
    REQUIRE(named.deployments.size() == 1);
    CHECK(has_finding(named.deployments[0], "unreadable"));
    Estimator estimator(qwenfit::catalog::Catalog::builtin());
    check(named, {}, estimator);
    CHECK(exit_status(named, FailOn::error) == 2);
  }
  std::ofstream(folder / "fine.yaml") << "a: b\n";
  std::ofstream(folder / "chart.yaml") << "{{- if .Values.x }}\na: {{ .Values.y }}\n  b: [\n{{- end }}\n";
  for (const char* name : {"fine.yaml", "chart.yaml"}) {
    Report named;
    read_path((folder / name).string(), {}, named);
    CHECK(named.deployments.empty());
    CHECK(exit_status(named, FailOn::error) == 0);
  }
  Report walked;
  read_path(folder.string(), {}, walked);
  CHECK(walked.deployments.empty());
  CHECK(walked.skipped.size() == 9);
  CHECK(exit_status(walked, FailOn::error) == 0);
  CHECK(std::count_if(walked.skipped.begin(), walked.skipped.end(),
                      [](const SkippedFile& f) { return f.unreadable; }) == 4);
  fs::remove_all(folder);
}
