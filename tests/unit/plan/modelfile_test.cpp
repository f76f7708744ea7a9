// Modelfiles that a script writes for `ollama create`.
#include "plan_reader.hpp"

using namespace qwenfit;
using namespace qwenfit::plan;

namespace {

std::string script(const std::string& from, const std::string& create) {
  return "#!/bin/sh\nexport OLLAMA_NUM_PARALLEL=2\nollama serve &\ncat > Modelfile <<'EOF'\nFROM " + from +
         "\nPARAMETER num_ctx 16384\nEOF\n" + create + "\n";
}

}  // namespace

TEST_CASE("a Modelfile and the `ollama create` that uses it are one deployment") {
  for (const std::string create :
       {"ollama create chat -f Modelfile", "ollama create -f Modelfile chat", "ollama create chat",
        "ollama create chat --file=./Modelfile", "ollama create chat -f Modelfile\nollama run chat"}) {
    const Report r = read_plan("up.sh", script("qwen3:8b", create));
    INFO(create);
    REQUIRE(r.deployments.size() == 1);
    const Deployment& d = r.deployments[0];
    CHECK(d.model == "qwen3:8b");
    CHECK(d.model_id == "qwen3-8b");
    CHECK(d.scenario.context == 16384);
    CHECK(d.scenario.parallel_slots == 2);
    CHECK(d.line == 8);
  }
}

TEST_CASE("the name of what `ollama create` makes counts where its file says nothing") {
  const Report r = read_plan("up.sh", script("./model.gguf", "ollama create qwen3:8b -f Modelfile"));
  REQUIRE(r.deployments.size() == 1);
  CHECK(r.deployments[0].model_id == "qwen3-8b");
  CHECK(r.deployments[0].scenario.context == 16384);
}

TEST_CASE("a Modelfile beside the `ollama create` of another one is a deployment of its own") {
  const Report r = read_plan("up.sh", script("qwen3:8b", "ollama create chat -f Other"));
  CHECK(std::any_of(r.deployments.begin(), r.deployments.end(),
                    [](const Deployment& d) { return d.kind == "Modelfile" && d.model == "qwen3:8b"; }));
}

TEST_CASE("in prose, too, a Modelfile and its `ollama create` are one") {
  const Report r = read_plan(
      "README.md", "# Start\n\n```sh\n" + script("qwen3:8b", "ollama create chat -f Modelfile") + "```\n");
  REQUIRE(r.deployments.size() == 1);
  CHECK(r.deployments[0].model_id == "qwen3-8b");
  CHECK(r.deployments[0].scenario.context == 16384);
}

TEST_CASE("this program is no model that a text serves") {
  CHECK(read_plan("README.md", "We check vllm with qwenfit:\n\n    qwenfit check deploy/\n")
            .deployments.empty());
  const Report r = read_plan("README.md", "qwenfit says that vllm serves Qwen3-8B well.\n");
  REQUIRE(r.deployments.size() == 1);
  CHECK(r.deployments[0].model_id == "qwen3-8b");
}

TEST_CASE("a file's name in a Modelfile may hold blanks") {
  for (const std::string from :
       {"/data/my models/Qwen3-8B-Q4_K_M.gguf", "\"/data/my models/Qwen3-8B-Q4_K_M.gguf\""}) {
    const Report r = read_plan("Modelfile", "FROM " + from + "\nPARAMETER num_ctx 8192\n");
    REQUIRE(r.deployments.size() == 1);
    CHECK(r.deployments[0].model == "/data/my models/Qwen3-8B-Q4_K_M.gguf");
    CHECK(r.deployments[0].scenario.format == "q4_k_m");
  }
}
