// Slices and parts of cards: MIG profiles, time slicing, memory limits.
#include <fmt/format.h>

#include "plan_reader.hpp"

using namespace qwenfit;
using namespace qwenfit::plan;

namespace {

Deployment pod(const std::string& selector, const std::string& limits, const Options& options = {},
               const std::string& args = "Qwen/Qwen3-0.6B") {
  const Report report = read_plan("pod.yaml",
                                  fmt::format(R"(
apiVersion: v1
kind: Pod
metadata: {{name: p}}
spec:
  nodeSelector: {{{}}}
  containers:
    - image: vllm/vllm-openai:v0.11.0
      args: [{}]
      resources: {{limits: {{{}}}}}
)",
                                              selector, args, limits),
                                  options);
  REQUIRE(report.deployments.size() == 1);
  return report.deployments[0];
}

}  // namespace

TEST_CASE("a MIG resource is a slice of the card that the node has") {
  const Deployment d = pod("node.kubernetes.io/instance-type: p5.48xlarge", "nvidia.com/mig-1g.10gb: 1");
  CHECK(d.device == "h100-sxm-80gb-mig-1g.10gb");
  CHECK(d.gpus == 1);
  CHECK(d.gpu_resource == "nvidia.com/mig-1g.10gb");
  CHECK(d.unresolved.empty());
  CHECK(pod("nvidia.com/gpu.product: NVIDIA-A100-SXM4-80GB", "nvidia.com/mig-3g.40gb: 1").device ==
        "a100-sxm-80gb-mig-3g.40gb");
  // The single strategy: the resource is nvidia.com/gpu, the label says the slice.
  CHECK(pod("nvidia.com/gpu.product: NVIDIA-A100-SXM4-40GB-MIG-2g.10gb", "nvidia.com/gpu: 1").device ==
        "a100-sxm-40gb-mig-2g.10gb");
  CHECK(pod("nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/mig.config: all-2g.20gb",
            "nvidia.com/gpu: 1")
            .device == "h100-sxm-80gb-mig-2g.20gb");
  CHECK(pod("nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/mig.config: all-disabled",
            "nvidia.com/gpu: 1")
            .device == "h100-sxm-80gb");
  CHECK(pod("cloud.google.com/gke-accelerator: nvidia-tesla-a100, cloud.google.com/gke-gpu-partition-size: "
            "1g.5gb",
            "nvidia.com/gpu: 1")
            .device == "a100-sxm-40gb-mig-1g.5gb");
}

TEST_CASE("a slice is never taken for the whole card") {
  Options options;
  const Deployment unnamed = pod("a: b", "nvidia.com/mig-1g.10gb: 1");
  CHECK(unnamed.device.empty());
  REQUIRE(unnamed.unresolved.size() == 1);
  CHECK_THAT(unnamed.unresolved[0], ContainsText("MIG slice of a card that is not named"));

  const Deployment impossible = pod("nvidia.com/gpu.product: NVIDIA-L40S", "nvidia.com/mig-1g.10gb: 1");
  CHECK(impossible.device.empty());
  REQUIRE(impossible.unresolved.size() == 1);
  CHECK_THAT(impossible.unresolved[0], ContainsText("has no MIG slices"));

  const Deployment mixed = pod("nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/mig.config: custom",
                               "nvidia.com/gpu: 1");
  CHECK(mixed.device.empty());
  REQUIRE(mixed.unresolved.size() == 1);
  CHECK_THAT(mixed.unresolved[0], ContainsText("profile is not said"));

  options.device = "h100";
  CHECK(pod("a: b", "nvidia.com/mig-1g.10gb: 1", options).device == "h100-sxm-80gb-mig-1g.10gb");
  options.device = "h100 mig 1g.10gb";
  CHECK(pod("a: b", "nvidia.com/mig-1g.10gb: 1", options).device == "h100-sxm-80gb-mig-1g.10gb");

  const Deployment two = pod("nvidia.com/gpu.product: NVIDIA-A100-SXM4-80GB", "nvidia.com/mig-3g.40gb: 2", {},
                             "Qwen/Qwen3-0.6B, --tensor-parallel-size=2");
  REQUIRE(two.unresolved.size() == 1);
  CHECK_THAT(two.unresolved[0], ContainsText("no peer-to-peer"));
}

TEST_CASE("a slice that a container or shell is given by its UUID is undecided") {
  const auto one = [](const std::string& file, const std::string& text, const std::string& device) {
    Options options;
    options.device = device;
    const Report report = read_plan(file, text, options);
    REQUIRE(report.deployments.size() == 1);
    return report.deployments[0];
  };
  const std::string script =
      "CUDA_VISIBLE_DEVICES=MIG-5c1f9f0e-3a6c-5d63-8a0b-1a2b3c4d5e6f vllm serve Qwen/Qwen3-0.6B\n";
  CHECK(one("run.sh", script, "a100-80gb").device.empty());
  CHECK_THAT(one("run.sh", script, "a100-80gb").unresolved.at(0), ContainsText("profile is not said"));
  CHECK(one("run.sh", script, "a100-80gb mig 3g.40gb").device == "a100-sxm-80gb-mig-3g.40gb");
  CHECK(one("run.sh", "docker run --gpus '\"device=0:1\"' vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-0.6B\n",
            "h100")
            .device.empty());
}

TEST_CASE("a card that others share is undecided, however much of it is asked for") {
  for (const char* limits : {"nvidia.com/gpu: 1, nvidia.com/gpumem: 10240", "nvidia.com/gpu.shared: 1"}) {
    INFO(limits);
    const Deployment d = pod("nvidia.com/gpu.product: NVIDIA-L40S", limits);
    CHECK(d.device == "l40s");
    REQUIRE(d.unresolved.size() == 1);
    CHECK_THAT(d.unresolved[0], ContainsText("others use the card too"));
  }
  for (const char* selector : {"nvidia.com/gpu.product: Tesla-T4-SHARED",
                               "cloud.google.com/gke-accelerator: nvidia-tesla-t4, "
                               "cloud.google.com/gke-gpu-sharing-strategy: time-sharing",
                               "nvidia.com/gpu.product: Tesla-T4, nvidia.com/gpu.sharing-strategy: mps"}) {
    INFO(selector);
    const Deployment d = pod(selector, "nvidia.com/gpu: 1");
    CHECK(d.device == "tesla-t4");
    CHECK(d.unresolved.size() == 1);
  }
}
