// Texts inside texts, and calls of Python.
#include "plan/embedded.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "plan/python_literal.hpp"
#include "plan_reader.hpp"

using namespace qwenfit;
using namespace qwenfit::plan;

TEST_CASE("here-documents: marks, quotes, targets, lines") {
  const auto found = here_documents(
      "cat > a.yaml <<EOF\nx: $A\nEOF\n"
      "# cat <<NOT\n"
      "tee \"b c.sh\" <<-'END'\n\techo\n\tEND\n"
      "x=$((1 << 3))\n"
      "cat <<<here\n"
      "cat <<OPEN\nnever ends\n",
      10);
  REQUIRE(found.size() == 2);
  CHECK(found[0].text == "x: $A\n");
  CHECK(found[0].line == 11);
  CHECK(found[0].expands);
  CHECK(found[0].word == "a.yaml");
  CHECK(found[1].text == "echo\n");
  CHECK(found[1].line == 15);
  CHECK_FALSE(found[1].expands);
  CHECK(found[1].word == "b c.sh");
}

TEST_CASE("fenced blocks lose the indentation that they share") {
  const auto found = fenced_blocks("1. a\n\n   ```python\n   x\n     y\n   ```\n```\nopen\n", 1);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == "x\n  y\n");
  CHECK(found[0].line == 4);
  CHECK(found[0].word == "python");
}

TEST_CASE("here-documents that never end are not searched for without end") {
  const auto start = std::chrono::steady_clock::now();
  std::string open;
  for (int i = 0; i < 400000; ++i) open += "cat <<E1 qwen vllm\n";
  CHECK(here_documents(open, 1).empty());
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("what can't be read is not judged by defaults") {
  Options options;
  options.device = "l4";
  Estimator estimator(catalog::Catalog::builtin());
  Report r = read_plan("odd.yaml", "odd: [Qwen/Qwen3-32B, vllm]\n", options);
  check(r, options, estimator);
  REQUIRE(r.deployments.size() == 1);
  CHECK(r.deployments[0].judgement == Judgement::unknown);
}

TEST_CASE("merge keys of YAML in a guide are no here-documents") {
  const Report r =
      read_plan("guide.md",
                "```yaml\nx: &c\n  image: vllm/vllm-openai:v0.11.0\nservices:\n  a:\n    <<: *c\n"
                "    command: --model Qwen/Qwen3-8B\n```\n");
  REQUIRE(r.deployments.size() == 1);
  CHECK(r.deployments[0].model_id == "qwen3-8b");
  CHECK(r.deployments[0].line == 5);
}

TEST_CASE("--follow opens the option file that a command names, and only then") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / "qwenfit-follow-test";
  fs::create_directories(folder);
  std::ofstream(folder / "serve.yaml")
      << "model: Qwen/Qwen3-8B\nmax-model-len: 12288\ntensor-parallel-size: 2\n";
  std::ofstream(folder / "run.sh") << "vllm serve --config serve.yaml --max-model-len 8192\n";
  const auto read = [&](bool follow) {
    Options options;
    options.follow = follow;
    Report report;
    read_path((folder / "run.sh").string(), options, report);
    REQUIRE(report.deployments.size() == 1);
    return report.deployments[0];
  };
  const Deployment closed = read(false);
  CHECK(closed.model_id.empty());
  CHECK_FALSE(closed.unresolved.empty());
  const Deployment open = read(true);
  CHECK(open.model_id == "qwen3-8b");
  CHECK(flag(open, "max_model_len") == "8192");  // the command line's own wins
  CHECK(open.scenario.tensor_parallel == 2);
  CHECK(open.unresolved.empty());
  // What is not there, too large or no file stays closed.
  std::ofstream(folder / "run.sh") << "vllm serve Qwen/Qwen3-8B --config ../missing.yaml\n";
  CHECK_FALSE(read(true).unresolved.empty());
  std::ofstream(folder / "run.sh") << "vllm serve Qwen/Qwen3-8B --config .\n";
  CHECK_FALSE(read(true).unresolved.empty());
  fs::remove_all(folder);
}

TEST_CASE("Python: literals, names, defaults; the rest stays open") {
  const auto any = [](std::string_view name) { return name == "f"; };
  const auto one = [&](const std::string& text) {
    const auto calls = python_calls(text, any);
    REQUIRE_FALSE(calls.empty());
    return calls.back();
  };
  const PythonCall call =
      one("N = 4\nM = 1\nM = 2\n"
          "# f(a='no')\n"
          "s = \"g(a='no')\"\n"
          "x.f(\"pos\", a='it''s', b=-1.5, c=1_000, d=[1, \"two\"], e={\"k\": {\"l\": True}}, n=N, m=M,\n"
          "  fs=f\"{N}\", none=None, t=(1, 2), u=N + 1, env=int(os.environ.get(\"E\", \"7\")))\n");
  CHECK(call.name == "x.f");
  CHECK(call.line == 6);
  const YamlNode& a = *call.arguments;
  CHECK(a["0"].text == "pos");
  CHECK(a["a"].text == "its");
  CHECK(a["b"].text == "-1.5");
  CHECK(a["c"].text == "1000");
  CHECK(a["d"].items.size() == 2);
  CHECK(a["e"]["k"]["l"].text == "true");
  CHECK(a["n"].text == "4");
  CHECK(a["m"].text == "${M}");  // set twice: either
  CHECK(a["fs"].text.starts_with("${"));
  CHECK_FALSE(a.has("none"));
  CHECK(a["t"].text.starts_with("${"));
  CHECK(a["u"].text == "${N_1}");
  CHECK(a["env"].text == "7");
}

TEST_CASE("Python: hostile sources end at once") {
  const auto start = std::chrono::steady_clock::now();
  std::string nested;
  for (int i = 0; i < 100000; ++i) nested += "LLM(\na=(";
  std::string assigned;
  for (int i = 0; i < 100000; ++i) assigned += "a=(\n";
  for (const std::string& text : {nested, assigned, std::string(1 << 20, '('), std::string(1 << 20, '"'),
                                  std::string("LLM(model=\"Qwen"), std::string("LLM("), std::string("LLM(**"),
                                  std::string("LLM(a=\\"), std::string("f'''{")}) {
    const Report report = read_plan("x.py", "import vllm # qwen\n" + text);
    CHECK(report.deployments.size() <= 1000);
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("Python: a program that starts no engine is passed by, one that may is not") {
  CHECK(read_plan("client.py", "import openai\nclient.create(model='Qwen/Qwen3-8B')  # vllm\n")
            .deployments.empty());
  const Report open = read_plan("lib.py", "from vllm import LLM\nllm = LLM(model=pick('qwen'))\n");
  REQUIRE(open.deployments.size() == 1);
  CHECK_FALSE(open.deployments[0].unresolved.empty());
  CHECK(read_plan("lib.py", "from vllm import LLM\nllm = LLM(model=name)\n").deployments.empty());
}

TEST_CASE("what a file leaves open may make it fit") {
  Options options;
  options.device = "l4";
  Estimator estimator(catalog::Catalog::builtin());
  Report open = read_plan("a.sh", "vllm serve Qwen/Qwen3-32B -tp $TP\n", options);
  check(open, options, estimator);
  CHECK(open.deployments[0].judgement == Judgement::unknown);
  Report known = read_plan("a.sh", "vllm serve Qwen/Qwen3-32B -tp 1\n", options);
  check(known, options, estimator);
  CHECK(known.deployments[0].judgement == Judgement::fail);
}

TEST_CASE("a comment says what a file's name does not") {
  const std::string start = "llama-server -m /srv/Qwen3-8B-Custom.gguf -c 8192\n";
  CHECK(read_plan("a.sh", start).deployments.at(0).unresolved.size() == 1);
  const Report said = read_plan("a.sh", "# qwenfit: with format=q5_k_m\n" + start);
  CHECK(said.deployments.at(0).unresolved.empty());
  CHECK(said.deployments.at(0).scenario.format == "q5_k_m");
}

TEST_CASE("objects that only name models start nothing") {
  const std::string route =
      "apiVersion: a/v1\nkind: ModelServer\nspec: {model: Qwen/Qwen3-8B, inferenceEngine: vLLM}\n";
  CHECK(read_plan("route.yaml", route).deployments.empty());
  // Beside something unknown they do not hide it.
  CHECK(read_plan("both.yaml",
                  route + "---\napiVersion: b/v1\nkind: Odd\nspec: {llm: Qwen/Qwen3-8B, by: vllm}\n")
            .deployments.size() == 1);
}
