// Files of every shape, as tests/data/plans has them.
#include "catch.hpp"
#include "plan_reader.hpp"

using namespace qwenfit::plan;

TEST_CASE("Kubernetes: sh -c, $(ENV), comments inside a command, node selector") {
  const Report r = read_sample("vllm.yaml");
  REQUIRE(r.deployments.size() == 1);
  const Deployment& d = r.deployments[0];
  CHECK(d.kind == "Deployment");
  CHECK(d.name == "llm/chat");
  CHECK(d.container == "vllm");
  CHECK(d.model == "Qwen/Qwen3-32B");
  CHECK(d.engine == "vllm");
  CHECK(d.gpus == 2);
  CHECK(d.replicas == 2);
  CHECK(d.device == "h100-sxm-80gb");
  CHECK(d.scenario.tensor_parallel == 2);
  CHECK(d.scenario.context == 32000);
  CHECK(d.scenario.gpu_memory_utilization == 0.92);
  CHECK(flag(d, "enforce_eager") == "(none)");
  CHECK(d.scenario.engine_version == "0.11.0");
  CHECK(d.scenario.require.concurrency == 4);
  CHECK(d.line == 24);
  CHECK(d.unresolved.empty());
}

TEST_CASE("An image's tag says the version, also of what came after a release") {
  const auto version = [](const std::string& image) {
    const Report r = read_plan(
        "compose.yaml", "services:\n  llm:\n    image: " + image + "\n    command: --model Qwen/Qwen3-8B\n");
    REQUIRE(r.deployments.size() == 1);
    return r.deployments[0].scenario.engine_version.value_or("");
  };
  CHECK(version("vllm/vllm-openai:v0.8.5") == "0.8.5");
  CHECK(version("vllm/vllm-openai:v0.8.5.post1") == "0.8.5");
  CHECK(version("vllm/vllm-openai:v0.8").empty());
  CHECK(version("vllm/vllm-openai:latest").empty());
  CHECK(version("lmsysorg/sglang:v0.4.6-cu124") == "0.4.6");
  CHECK(version("ghcr.io/ggml-org/llama.cpp:server-cuda-b9106") == "b9106");
  CHECK(version("ghcr.io/ggml-org/llama.cpp:server-bionic").empty());
  CHECK(version("ghcr.io/ggml-org/llama.cpp:server").empty());
}

TEST_CASE("KServe: predictor arguments, and a prefill pool beside the decoding one") {
  const Report r = read_sample("kserve.yaml");
  REQUIRE(r.deployments.size() == 3);
  CHECK(r.deployments[0].model_id == "qwen3-8b");
  CHECK(r.deployments[0].scenario.context == 16384);
  CHECK(r.deployments[0].replicas == 2);
  CHECK(r.deployments[1].role == "decode");
  CHECK(r.deployments[1].scenario.tensor_parallel == 2);
  CHECK(r.deployments[1].scenario.max_num_seqs == 64);
  CHECK(r.deployments[1].replicas == 3);
  CHECK(r.deployments[2].role == "prefill");
  CHECK(r.deployments[2].scenario.tensor_parallel == 4);
  CHECK(r.deployments[2].gpus == 4);
}

TEST_CASE("Operators: KubeAI, Ray, RoleBasedGroup, a Helm template with defaults") {
  const Report r = read_sample("operators.yaml");
  REQUIRE(r.deployments.size() == 4);
  CHECK(r.deployments[0].device == "l4");
  CHECK(r.deployments[0].scenario.max_num_batched_tokens == 8192);
  CHECK(r.deployments[1].model == "Qwen/Qwen2.5-14B-Instruct");
  CHECK(r.deployments[1].scenario.tensor_parallel == 4);
  CHECK(r.deployments[1].device == "l4");
  CHECK(r.deployments[1].replicas == 2);
  CHECK(r.deployments[2].role == "decode");
  CHECK(r.deployments[2].nodes == 2);
  CHECK(r.deployments[2].gpus == 2);
  CHECK(r.deployments[2].gpus_per_node == 1);
  CHECK(r.deployments[2].replicas == 4);
  CHECK(r.deployments[2].scenario.mem_fraction_static == 0.85);
  CHECK(r.deployments[3].model_id == "qwen3-coder-30b-a3b-instruct");
  CHECK(r.deployments[3].scenario.tensor_parallel == 4);
  CHECK(r.deployments[3].scenario.enforce_eager == true);
  CHECK(r.deployments[3].unresolved == std::vector<std::string>{"max_num_seqs: $(.Values.seqs)"});
}

TEST_CASE("Helm values of the production stack") {
  const Report r = read_sample("values.yaml");
  REQUIRE(r.deployments.size() == 1);
  const Deployment& d = r.deployments[0];
  CHECK(d.model_id == "qwen3-14b");
  CHECK(d.gpus == 1);
  CHECK(d.scenario.context == 16384);
  CHECK(d.scenario.kv_type == "fp8");
  CHECK(d.device == "a100-pcie-80gb");
}

TEST_CASE("Compose: .env, merged defaults, positional parameters, device lists") {
  const Report r = read_sample("compose/docker-compose.yml");
  REQUIRE(r.deployments.size() == 2);
  CHECK(r.deployments[0].model == "Qwen/Qwen3-4B");
  CHECK(r.deployments[0].scenario.context == 8192);
  CHECK(r.deployments[0].gpu_resource == "all");
  CHECK_FALSE(r.deployments[0].gpus);
  CHECK(r.deployments[1].engine == "llama.cpp");
  CHECK(r.deployments[1].gpus == 2);
  CHECK(r.deployments[1].scenario.context == 8192);
  CHECK(r.deployments[1].scenario.ubatch == 256);
}

TEST_CASE("llama-swap: macros, comments, somebody else's model") {
  const Report r = read_sample("llama-swap.yaml");
  REQUIRE(r.deployments.size() == 2);
  CHECK(r.deployments[0].model_id == "qwen3-30b-a3b");
  CHECK(r.deployments[0].scenario.context == 16384);
  CHECK(r.deployments[0].gpus == 2);
  CHECK_FALSE(r.deployments[1].estimable);
}

TEST_CASE("A shell script: arrays, docker run, repeated flags, a branch that decides") {
  const Report r = read_sample("serve.sh");
  REQUIRE(r.deployments.size() == 1);
  const Deployment& d = r.deployments[0];
  CHECK(d.model == "Qwen/Qwen3-14B");
  CHECK(d.gpus == 2);
  CHECK(d.scenario.context == 8192);
  CHECK(d.scenario.kv_type == "fp8");
  CHECK(flag(d, "enforce_eager") == "(none)");
  REQUIRE(d.unresolved.size() == 1);
  CHECK_THAT(d.unresolved[0], ContainsText("tensor_parallel_size: $TP"));
}

TEST_CASE("Dockerfile, Modelfile, systemd unit") {
  const Report docker = read_sample("Dockerfile");
  REQUIRE(docker.deployments.size() == 1);
  CHECK(docker.deployments[0].engine == "sglang");
  CHECK(docker.deployments[0].scenario.context == 16384);
  const Report model = read_sample("coder.modelfile");
  REQUIRE(model.deployments.size() == 1);
  CHECK(model.deployments[0].engine == "ollama");
  CHECK(model.deployments[0].model_id == "qwen2.5-coder-7b");
  CHECK(model.deployments[0].scenario.context == 32768);
  const Report unit = read_sample("vllm.service");
  REQUIRE(unit.deployments.size() == 1);
  CHECK(unit.deployments[0].model == "Qwen/Qwen3-VL-8B-Instruct");
  CHECK(unit.deployments[0].gpus == 2);
  CHECK(unit.deployments[0].scenario.language_model_only == true);
}

TEST_CASE("An own plan: defaults, a matrix, a misspelt key with its line") {
  const Report r = read_sample("qwenfit.plan.yaml");
  REQUIRE(r.deployments.size() == 3);
  CHECK(r.deployments[0].scenario.max_num_seqs == 64);
  CHECK(r.deployments[1].scenario.max_num_seqs == 128);
  CHECK(r.deployments[1].scenario.context == 32768);
  CHECK(r.deployments[1].scenario.require.concurrency == 8);
  CHECK(r.deployments[1].scenario.require.fits == true);
  REQUIRE(has_finding(r.deployments[2], "invalid-flag"));
  CHECK(r.deployments[2].findings[0].line == 16);
}

TEST_CASE("A folder is walked; what serves no model is counted") {
  Report r;
  read_path(std::string(QWENFIT_SOURCE_DIR) + "/tests/data/plans", {}, r);
  CHECK(r.deployments.size() == 20);
  CHECK(r.files == 11);
}

TEST_CASE("Rendered templates, JSON, and an alias that is all there is") {
  const Report none =
      read_plan("stdin", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: b}\n");
  CHECK(none.deployments.empty());
  CHECK(none.skipped.size() == 1);
  const Report json = read_plan(
      "pod.json", R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [
    {"name": "c", "image": "vllm/vllm-openai", "args": ["--model", "/mnt/m", "--served-model-name", "qwen3-8b"]}]}})");
  REQUIRE(json.deployments.size() == 1);
  CHECK(json.deployments[0].model_id == "qwen3-8b");
  CHECK_FALSE(json.deployments[0].unresolved.empty());
}

TEST_CASE("What mentions a Qwen model but can't be read is no silent pass") {
  const Report r = read_plan("start.js", "module.exports = { engine: 'vllm', model: 'Qwen/Qwen3-8B' }");
  REQUIRE(r.deployments.size() == 1);
  CHECK(has_finding(r.deployments[0], "unreadable"));
  CHECK(read_plan("notes.js", "// vllm can serve Qwen/Qwen3-8B").deployments.empty());
}

TEST_CASE("A plan does not make qwenfit open files") {
  const Report r = read_plan("a.sh", "vllm serve ../../etc/passwd/Qwen3-8B --config /etc/passwd");
  REQUIRE(r.deployments.size() == 1);
  CHECK(r.deployments[0].scenario.model.find('/') == std::string::npos);
  CHECK_FALSE(r.deployments[0].unresolved.empty());
}

TEST_CASE("Variables for a template to fill in are open, until they are given") {
  const std::string pod =
      "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: vllm/vllm-openai\n      args: "
      "[\"--model=${MODEL}\", --tensor-parallel-size, \"${TP}\"]\n"
      "      resources: {limits: {nvidia.com/gpu: \"${TP}\"}}\n";
  const Report open = read_plan("pod.yaml.tpl", pod);
  REQUIRE(open.deployments.size() == 1);
  CHECK(open.deployments[0].unresolved ==
        std::vector<std::string>{"gpus: $TP", "tensor_parallel_size: $TP", "model: $MODEL"});
  CHECK(open.deployments[0].findings.empty());
  Options options;
  options.variables = {{"MODEL", "Qwen/Qwen3-32B"}, {"TP", "2"}};
  const Report given = read_plan("pod.yaml.tpl", pod, options);
  REQUIRE(given.deployments.size() == 1);
  CHECK(given.deployments[0].unresolved.empty());
  CHECK(given.deployments[0].model_id == "qwen3-32b");
  CHECK(given.deployments[0].gpus == 2);
}

TEST_CASE("Guides, Nix modules, Makefiles: commands and fenced files in other text") {
  const Report guide =
      read_plan("README.md",
                "It's a guide.\n\n```ini\nExecStart=/opt/vllm/bin/vllm serve Qwen/Qwen3-8B "
                "--tensor-parallel-size 4\n```\n\n```yaml\n"
                "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: q}\nspec:\n "
                " predictor:\n    model:\n"
                "      modelFormat: {name: huggingface}\n      args: [--model_id=Qwen/Qwen3-4B]\n```\n");
  REQUIRE(guide.deployments.size() == 2);
  CHECK(guide.deployments[0].model_id == "qwen3-4b");
  CHECK(guide.deployments[0].line == 14);
  CHECK(guide.deployments[1].scenario.tensor_parallel == 4);
  CHECK(guide.deployments[1].line == 4);
  const Report nix = read_plan("llm.nix",
                               "models.\"q\".cmd = ''\n  ${llama-server} -hf unsloth/Qwen3-8B-GGUF:Q4_K_M "
                               "\\\n    -ngl 99 -c 8192\n'';\n");
  REQUIRE(nix.deployments.size() == 1);
  CHECK(nix.deployments[0].scenario.context == 8192);
  const Report shell_form = read_plan(
      "Dockerfile",
      "FROM vllm/vllm-openai\nENTRYPOINT vllm serve Qwen/Qwen3-8B \\\n  # no\n  --max-model-len 8192\n");
  REQUIRE(shell_form.deployments.size() == 1);
  CHECK(shell_form.deployments[0].scenario.context == 8192);
  const Report make = read_plan("Makefile",
                                "VENV ?= .venv\nMODEL := Qwen/Qwen3-8B\nrun:\n\t@A=0 $(VENV)/bin/vllm serve "
                                "$(MODEL) --max-model-len 4096\n");
  REQUIRE(make.deployments.size() == 1);
  CHECK(make.deployments[0].model == "Qwen/Qwen3-8B");
  CHECK(make.deployments[0].scenario.context == 4096);
}

TEST_CASE("Groups of pods are one deployment; a slice of a card is not the card") {
  const Report group = read_plan("lws.yaml", R"(
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: big}
spec:
  replicas: 2
  leaderWorkerTemplate:
    size: 2
    leaderTemplate:
      spec:
        containers:
          - image: vllm/vllm-openai:v0.11.0
            command: [sh, -c, "start.sh leader --size=$(LWS_GROUP_SIZE); vllm serve Qwen/Qwen3-235B-A22B -tp 8 -pp 2"]
            resources: {limits: {nvidia.com/gpu: "8"}}
    workerTemplate:
      spec:
        containers:
          - image: vllm/vllm-openai:v0.11.0
            command: [sh, -c, start.sh worker]
            resources: {limits: {nvidia.com/gpu: "8"}}
)");
  REQUIRE(group.deployments.size() == 1);
  CHECK(group.deployments[0].gpus == 16);
  CHECK(group.deployments[0].gpus_per_node == 8);
  CHECK(group.deployments[0].replicas == 2);
}
