// Checks: each on a deployment that has its fault, and on one that has not. Figures stay far from limits.
#include <map>

#include "plan_reader.hpp"

using namespace qwenfit;
using namespace qwenfit::plan;

namespace {

Deployment checked(const std::string& command, const std::string& device = "h100",
                   std::vector<std::pair<std::string, std::string>> require = {}) {
  static Estimator estimator(catalog::Catalog::builtin());
  Options options;
  options.device = device;
  options.require = std::move(require);
  Report report = read_plan("a.sh", command, options);
  REQUIRE(report.deployments.size() == 1);
  check(report, options, estimator);
  return report.deployments[0];
}

std::string remedy(const Deployment& d, const std::string& id) {
  for (const Finding& f : d.findings) {
    if (f.id == id) return remedy_text(f);
  }
  return "no finding";
}

}  // namespace

TEST_CASE("What can't start is an error, and its remedy was tried") {
  const Deployment d = checked("vllm serve Qwen/Qwen3-32B --max-model-len 8192", "rtx-4090");
  CHECK(d.judgement == Judgement::fail);
  CHECK_THAT(remedy(d, "does-not-fit"), ContainsText("--tensor-parallel-size"));
  CHECK(checked("vllm serve Qwen/Qwen3-0.6B --max-model-len 8192", "rtx-4090").judgement == Judgement::pass);
  const Deployment context = checked("vllm serve Qwen/Qwen3-14B --max-model-len 40960", "rtx-5090");
  if (has_finding(context, "does-not-fit")) CHECK_FALSE(remedy(context, "does-not-fit").empty());
}

namespace {

/// Puts every remedy of a deployment into its place: what it is told for has to be gone, and nothing new may
/// be wrong. @return how many were tried.
int try_remedies(const Deployment& d, Estimator& estimator) {
  int tried = 0;
  const auto sure_error = [](const Finding& f) { return f.severity == Severity::error && !f.undecided; };
  for (const Finding& f : d.findings) {
    const std::string what = f.message.substr(0, f.message.find(':'));
    for (const Remedy& remedy : f.remedies) {
      Report again;
      again.deployments.push_back(d);
      Deployment& other = again.deployments.back();
      other.scenario = remedy.scenario;
      other.findings.clear();
      other.estimate.reset();
      if (remedy.gpus) other.gpus = remedy.gpus;
      check(again, {}, estimator);
      for (const Finding& left : other.findings) {
        INFO(d.file << ":" << d.line << ": " << d.model << " on " << d.device << ", " << f.id << ": "
                    << f.message << "; " << remedy.text << "; leaves " << left.id << ": " << left.message);
        CHECK_FALSE((left.id == f.id && left.message.starts_with(what)));
        // What could not be estimated had no requirements either.
        const bool told =
            d.estimate || (left.id != "requirement-not-met" && left.id != "concurrency-too-low");
        if (sure_error(left) && told) CHECK(has_finding(d, left.id));
      }
      ++tried;
    }
  }
  return tried;
}

}  // namespace

TEST_CASE("Every remedy that is printed for the plan files cures what it is told for, and breaks nothing") {
  Estimator estimator(catalog::Catalog::builtin());
  std::map<std::string, int> tried;
  for (const char* folder : {"plan_shapes", "plans"}) {
    for (const char* device : {"rtx-4090", "l40s:8", "t4:2"}) {
      Options options;
      options.device = device;
      options.require = {{"concurrency", "12"}, {"decode_tok_s", "50"}};
      Report report;
      read_path(std::string(QWENFIT_SOURCE_DIR) + "/tests/data/" + folder, options, report);
      check(report, options, estimator);
      for (const Deployment& d : report.deployments) {
        try_remedies(d, estimator);
        for (const Finding& f : d.findings) tried[f.id] += static_cast<int>(f.remedies.size());
      }
    }
  }
  for (const char* id : {"does-not-fit", "concurrency-too-low", "requirement-not-met", "gpus-exceed-request",
                         "gpus-idle", "heads-not-divisible", "format-unsupported"}) {
    INFO(id);
    CHECK(tried[id] > 0);
  }
}

TEST_CASE("Every remedy, estimated anew, cures what it is told for") {
  static Estimator estimator(catalog::Catalog::builtin());
  int tried = 0;
  for (const char* command :
       {"vllm serve Qwen/Qwen3-32B --max-model-len 32768", "vllm serve Qwen/Qwen3-8B -tp 3",
        "vllm serve Qwen/Qwen3-30B-A3B --enable-expert-parallel --max-model-len 40960",
        "vllm serve Qwen/Qwen3-Next-80B-A3B-Instruct --max-model-len 65536",
        "vllm serve Qwen/Qwen3.5-27B --max-model-len 131072 --max-num-seqs 64",
        "vllm serve Qwen/Qwen2.5-VL-7B-Instruct --max-model-len 128000",
        "vllm serve Qwen/Qwen3-14B-FP8 --max-model-len 1000000",
        "vllm serve Qwen/Qwen3-4B --max-model-len 65536 --gpu-memory-utilization 0.99",
        "python -m sglang.launch_server --model-path Qwen/Qwen3-235B-A22B --tp 4",
        "python -m sglang.launch_server --model-path Qwen/Qwen3-Coder-Next --context-length 100000",
        "llama-server -hf unsloth/Qwen3-30B-A3B-GGUF:Q8_0 -c 40960 -ngl 99",
        "llama-server -hf unsloth/Qwen3-32B-GGUF:Q6_K -c 65536 -np 2", "ollama run qwen3:32b",
        "trtllm-serve Qwen/Qwen3-32B --tp_size 2 --max_seq_len 40960"}) {
    for (const char* device : {"rtx-4090", "l40s:2", "a100-pcie-80gb:3", "t4"})
      tried += try_remedies(
          checked(command, device, {{"concurrency", "8"}, {"decode_tok_s", "60"}, {"ttft_ms", "800"}}),
          estimator);
  }
  CHECK(tried > 60);
}

TEST_CASE("Heads, cards and contexts") {
  CHECK(has_finding(checked("vllm serve Qwen/Qwen3-8B -tp 3", "h100:3"), "heads-not-divisible"));
  CHECK(has_finding(checked("vllm serve Qwen/Qwen3-8B -tp 4", "h100:2"), "gpus-exceed-request"));
  CHECK(has_finding(checked("vllm serve Qwen/Qwen3-8B -tp 1", "h100:2"), "gpus-idle"));
  CHECK(has_finding(checked("vllm serve Qwen/Qwen3-8B --max-model-len 1000000"), "context-beyond-model"));
  CHECK(has_finding(checked("vllm serve Qwen/Qwen3-8B --max-model-len 100000"), "context-needs-yarn"));
  CHECK_FALSE(has_finding(
      checked("vllm serve Qwen/Qwen3-8B --max-model-len 100000 --hf-overrides '{\"rope_scaling\": {}}'"),
      "context-needs-yarn"));
}

TEST_CASE("Aliases that claim another model") {
  CHECK(has_finding(checked("vllm serve Qwen/Qwen3-4B --max-model-len 8192 --served-model-name qwen3-8b"),
                    "alias-contradicts-model"));
  CHECK_FALSE(
      has_finding(checked("vllm serve Qwen/Qwen3-4B --max-model-len 8192 --served-model-name qwen3-4b chat"),
                  "alias-contradicts-model"));
}

TEST_CASE("Requirements of the run") {
  CHECK(has_finding(
      checked("vllm serve Qwen/Qwen3-8B --max-model-len 32768", "h100", {{"concurrency", "100000"}}),
      "concurrency-too-low"));
  CHECK(checked("vllm serve Qwen/Qwen3-8B --max-model-len 8192", "h100", {{"fits", ""}, {"concurrency", "2"}})
            .judgement == Judgement::pass);
}

TEST_CASE("Nothing passes without a device") {
  const Deployment d = checked("vllm serve Qwen/Qwen3-0.6B --max-model-len 1024", "");
  CHECK(d.judgement == Judgement::unknown);
  CHECK(has_finding(d, "unknown-device"));
}

TEST_CASE("Two servers on one card") {
  static Estimator estimator(catalog::Catalog::builtin());
  Options options;
  options.device = "h100";
  const auto run = [&](const std::string& second) {
    const std::string service =
        "    image: vllm/vllm-openai:v0.11.0\n    deploy: {resources: {reservations: {devices: [{driver: "
        "nvidia, device_ids: ['0'], capabilities: [gpu]}]}}}\n    "
        "command: --model Qwen/Qwen3-4B --max-model-len 8192 --gpu-memory-utilization ";
    Report r = read_plan("compose.yml",
                         "services:\n  a:\n" + service + "0.5\n  b:\n" + service + second + "\n", options);
    check(r, options, estimator);
    REQUIRE(r.deployments.size() == 2);
    return has_finding(r.deployments[1], "card-shared");
  };
  CHECK(run("0.6"));
  CHECK_FALSE(run("0.4"));
}

TEST_CASE("An option and its value in one argument: the engine refuses them, and so it fails") {
  static Estimator estimator(catalog::Catalog::builtin());
  const auto run = [&](const std::vector<std::string>& words) {
    Options options;
    options.device = "h100";
    Report r;
    read_command(words, options, r);
    check(r, options, estimator);
    REQUIRE(r.deployments.size() == 1);
    return r.deployments[0];
  };
  const Deployment joined = run({"vllm", "serve", "Qwen/Qwen3-8B", "--max-model-len 8192"});
  CHECK(joined.judgement == Judgement::fail);
  CHECK(has_finding(joined, "joined-argument"));
  CHECK(joined.scenario.context == 8192);
  CHECK(run({"vllm", "serve", "Qwen/Qwen3-8B", "--max-model-len=8192"}).judgement == Judgement::pass);
}

TEST_CASE("Idle cards: fewer of them, or a size that uses them all") {
  const Deployment d = checked("vllm serve Qwen/Qwen3-8B --max-model-len 8192", "h100:4");
  CHECK(remedy(d, "gpus-idle") == "1 GPU requested fits; --tensor-parallel-size 4 fits");
}

TEST_CASE("Without a device no remedy claims to fit") {
  const Deployment d = checked("CUDA_VISIBLE_DEVICES=0,1,2 vllm serve Qwen/Qwen3-8B -tp 3", "");
  CHECK(remedy(d, "heads-not-divisible") == "--tensor-parallel-size 2; --tensor-parallel-size 4 with 4 GPUs");
}

TEST_CASE("A remedy stays within the model's own context and breaks no requirement that was met") {
  CHECK_THAT(remedy(checked("vllm serve Qwen/Qwen3-14B-FP8 --max-model-len 1000000", "l40s"), "does-not-fit"),
             ContainsText("--max-model-len 40960 fits"));
}

TEST_CASE("A device or requirement of the run that can't be read is an error before any file is") {
  Options options;
  options.device = "nonesuch:2";
  CHECK_THROWS_WITH(validate(options), ContainsText("unknown device 'nonesuch'"));
  options.device = "h100:2";
  CHECK_NOTHROW(validate(options));
  options.require = {{"concurency", "3"}};
  CHECK_THROWS_WITH(validate(options), ContainsText("did you mean concurrency?"));
}

TEST_CASE("An unknown device that is suppressed passes nothing") {
  static Estimator estimator(catalog::Catalog::builtin());
  Report r =
      read_plan("a.sh", "# qwenfit: ignore unknown-device H100s, all of them\nvllm serve Qwen/Qwen3-8B\n");
  check(r, {}, estimator);
  CHECK(r.deployments.at(0).judgement == Judgement::not_checked);
  CHECK(has_finding(r.deployments.at(0), "not-estimated"));
}

TEST_CASE("--max-model-len auto: what fits, from the first vLLM that has it on") {
  const Deployment d = checked("vllm serve Qwen/Qwen3-8B --max-model-len auto", "l4");
  REQUIRE(d.scenario.context);
  CHECK(*d.scenario.context < 40960);
  CHECK(d.estimate->fit.fits);
  CHECK(d.judgement == Judgement::pass);
  CHECK_FALSE(checked("vllm serve Qwen/Qwen3-4B --max-model-len -1", "h100").scenario.context);  // all of it
  static Estimator estimator(catalog::Catalog::builtin());
  const auto of_version = [&](const std::string& version) {
    Options options;
    options.device = "l4";
    options.engine_version = version;
    Report r = read_plan("a.sh", "vllm serve Qwen/Qwen3-8B --max-model-len auto", options);
    check(r, options, estimator);
    return r.deployments.at(0);
  };
  CHECK(has_finding(of_version("0.13.0"), "invalid-flag"));
  CHECK(of_version("0.13.0").judgement == Judgement::fail);
  CHECK_FALSE(has_finding(of_version("0.14.0"), "invalid-flag"));
  CHECK_FALSE(has_finding(checked("python -m sglang.launch_server --model-path Qwen/Qwen3-4B "
                                  "--context-length 8192"),
                          "invalid-flag"));
}

TEST_CASE("A variable lets contexts beyond the model's own start; without it the engine refuses them") {
  for (const std::string command : {"vllm serve Qwen/Qwen3-8B --max-model-len 100000",
                                    "python -m sglang.launch_server --model-path Qwen/Qwen3-8B "
                                    "--context-length 100000"}) {
    const bool vllm = command.starts_with("vllm");
    const std::string own =
        vllm ? "VLLM_ALLOW_LONG_MAX_MODEL_LEN" : "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN";
    const std::string other =
        vllm ? "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN" : "VLLM_ALLOW_LONG_MAX_MODEL_LEN";
    INFO(command);
    CHECK(checked(command).judgement == Judgement::fail);
    const Deployment allowed = checked(own + "=1 " + command);
    CHECK(allowed.judgement == Judgement::pass);
    CHECK(has_finding(allowed, "context-needs-yarn"));
    CHECK(checked(own + "=0 " + command).judgement == Judgement::fail);
    CHECK(checked(other + "=1 " + command).judgement == Judgement::fail);
  }
}
