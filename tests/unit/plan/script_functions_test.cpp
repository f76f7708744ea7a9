// Functions, wrappers and what a script passes on.
#include "plan_reader.hpp"

using namespace qwenfit::plan;

TEST_CASE("Functions are read where they are called, with their arguments and the variables of that place") {
  const Report r = read_plan("a.sh", R"(
log() { echo "vllm: $*"; }
start() {
  local model=$1; shift
  local tp="${1:-1}"
  vllm serve "$model" -tp $tp --max-model-len $LEN   # } no end
}
function late {
  vllm serve Qwen/Qwen3-4B --max-model-len "${LEN}"
}
LEN=8192
start Qwen/Qwen3-8B 2
LEN=4096
start Qwen/Qwen3-14B
late
)");
  REQUIRE(r.deployments.size() == 3);
  CHECK(r.deployments[0].model == "Qwen/Qwen3-8B");
  CHECK(r.deployments[0].scenario.tensor_parallel == 2);
  CHECK(r.deployments[0].scenario.context == 8192);
  CHECK(r.deployments[1].model == "Qwen/Qwen3-14B");
  CHECK(r.deployments[1].scenario.tensor_parallel == 1);
  CHECK(r.deployments[1].scenario.context == 4096);
  CHECK(r.deployments[2].model == "Qwen/Qwen3-4B");
  CHECK(r.deployments[2].scenario.context == 4096);
}

TEST_CASE("Functions that call themselves or each other come to an end") {
  std::string text = "f() { f; f; g; }\ng() { f; vllm serve Qwen/Qwen3-8B; }\nf\n";
  CHECK(read_plan("a.sh", text).deployments.size() <= 1000);
  text.clear();
  for (int i = 0; i < 40; ++i)
    text +=
        "f" + std::to_string(i) + "() { f" + std::to_string(i + 1) + "; f" + std::to_string(i + 1) + "; }\n";
  CHECK(read_plan("b.sh", text + "f0\n").deployments.empty());
  CHECK(read_plan("c.sh", "f() {\n vllm serve Qwen/Qwen3-8B\n").deployments.size() == 1);
}

TEST_CASE("What a script passes on is taken as nothing, and said") {
  const Report r =
      read_plan("a.sh", "main() { vllm serve \"${1:-Qwen/Qwen3-8B}\" \"${@:2}\"; }\nmain \"$@\"\n");
  REQUIRE(r.deployments.size() == 1);
  CHECK(r.deployments[0].model == "Qwen/Qwen3-8B");
  CHECK(r.deployments[0].unresolved.empty());
  CHECK(read_plan("b.sh", "vllm serve \"$@\"").deployments[0].unresolved.size() == 1);
}

TEST_CASE("Conditions that compare what stands in the script are decided") {
  const auto flags = [](const std::string& text) {
    const Report r = read_plan("a.sh", text);
    REQUIRE(r.deployments.size() == 1);
    return r.deployments[0];
  };
  // The default is off, so what stands there is not set.
  CHECK(
      flag(flags("A=()\nif [[ \"${EAGER:-false}\" == \"true\" ]]; then A+=(--enforce-eager); fi\nvllm serve "
                 "Qwen/Qwen3-8B \"${A[@]}\""),
           "enforce_eager") == "(none)");
  const Deployment decided = flags(
      "N=\"${N:-4}\"\ncase \"${SPEC:-}\" in off|OFF|[Nn]o) N=0 ;; esac\nif [ \"$N\" -gt 0 ]; then\n  "
      "TP=2\nelse\n "
      " TP=1\nfi\nvllm serve Qwen/Qwen3-8B --max-num-seqs $N -tp $TP");
  CHECK(flag(decided, "max_num_seqs") == "4");
  CHECK(flag(decided, "tensor_parallel_size") == "2");
  CHECK(decided.unresolved.empty());
  // What another file or a command decides stays open.
  CHECK_FALSE(
      flags("if [ -f x ]; then TP=2; else TP=4; fi\nvllm serve Qwen/Qwen3-8B -tp $TP").unresolved.empty());
  CHECK_FALSE(flags("if [ \"$MODE\" = big ]; then TP=2; else TP=4; fi\nvllm serve Qwen/Qwen3-8B -tp $TP")
                  .unresolved.empty());
  CHECK_FALSE(flags("if [ a = a ] && grep -q x y; then TP=2; else TP=4; fi\nvllm serve Qwen/Qwen3-8B -tp $TP")
                  .unresolved.empty());
  const Deployment word = flags(
      "case ${1:-large} in\n  small) TP=1 ;;\n  large | huge)\n    TP=4\n    ;;\n  *) TP=8 ;;\nesac\nvllm "
      "serve "
      "Qwen/Qwen3-8B -tp $TP");
  CHECK(flag(word, "tensor_parallel_size") == "4");
  CHECK(word.unresolved.empty());
}
