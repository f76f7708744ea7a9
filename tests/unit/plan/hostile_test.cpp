// Input that means no good: bounded time and memory, a clear sentence, never a crash.

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

TEST_CASE("Repeated pieces end in few deployments, each read to its end") {
  const auto found = [](const char* name, const std::string& text) {
    return read_plan(name, text).deployments.size();
  };
  CHECK(found("a.sh", repeated("vllm serve Qwen/Qwen3-8B --max-model-len 8192 \\\n # x\n", 2000)) >= 1);
  CHECK(found("a.sh", "vllm serve " + repeated("\"$(", 5000)) <= 1);
  CHECK(found("a.sh", "vllm serve qwen " + repeated("${A:-", 5000)) <= 1);
  CHECK(found("a.yaml", "qwen: vllm\nx: " + repeated("'", 20001)) <= 1);
  CHECK(found("a.yaml", repeated("qwen: vllm\n", 10000)) <= 1);
  CHECK(found("a.tpl", repeated("{{ qwen vllm", 5000)) <= 1);
  CHECK(found("Dockerfile", repeated("RUN qwen vllm \\\n", 5000)) <= 1);
  CHECK(found("a.md", repeated("```\nqwen vllm ", 2000)) <= 1);
}

TEST_CASE("A folder or file that can't be read is an error that names it") {
  Report report;
  CHECK_THROWS_AS(read_path("/nonexistent/plan.yaml", {}, report), Error);
}
