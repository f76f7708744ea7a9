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
