// Which cards a pod gets: node selectors, affinities and names of resources.
#include <fmt/format.h>

#include <algorithm>

#include "readers.hpp"

namespace qwenfit::plan {
namespace {

/// Labels that name a card, likeliest first.
constexpr std::string_view kProductLabels[] = {"nvidia.com/gpu.product",
                                               "cloud.google.com/gke-accelerator",
                                               "amd.com/gpu.product-name",
                                               "gpu.nvidia.com/class",
                                               "gpu.nvidia.com/model",
                                               "k8s.amazonaws.com/accelerator",
                                               "eks.amazonaws.com/instance-gpu-name",
                                               "karpenter.k8s.aws/instance-gpu-name",
                                               "accelerator",
                                               "node.coreweave.cloud/class",
                                               "gpu-product",
                                               "gpu-type",
                                               "gpu",
                                               "cloud.google.com/gke-tpu-accelerator"};
constexpr std::string_view kInstanceLabels[] = {
    "node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type", "cloud.google.com/machine-family",
    "karpenter.k8s.aws/instance-type"};

constexpr std::string_view kMigResource = "nvidia.com/mig-";

bool gpu_resource(std::string_view name) {
  return name == "nvidia.com/gpu" || name == "amd.com/gpu" || name.starts_with("huawei.com/ascend") ||
         name.starts_with("huawei.com/Ascend") || name == "gpu.intel.com/i915" ||
         name == "gpu.intel.com/xe" || name == "google.com/tpu" || name == "habana.ai/gaudi" ||
         name.starts_with(kMigResource) || name == "nvidia.com/gpu.shared" || name == "nvidia.com/pgpu" ||
         name == "nvidia.com/vgpu" || name == "volcano.sh/vgpu-number";
}

/// Limits that HAMi, Volcano and others set for a container's part of a card, and cards that several pods
/// get.
bool part_of_card(std::string_view name) {
  return name == "nvidia.com/gpumem" || name == "nvidia.com/gpumem-percentage" ||
         name == "volcano.sh/vgpu-memory" || name == "aliyun.com/gpu-mem" ||
         name == "nvidia.com/gpu.shared" || name == "nvidia.com/vgpu";
}

void add_hint(Workload& w, std::string source, const YamlNode& value) {
  if (value.is_scalar() && !value.text.empty())
    w.device_hints.push_back({std::move(source), value.text, value.line});
}

/// Labels that say which slice or part of a card a pod gets.
void label_to_part(const std::string& label, const YamlNode& value, const std::string& from, Workload& w) {
  if (!value.is_scalar() || value.text.empty()) return;
  DeviceHint hint{from + " " + label, value.text, value.line};
  if (label == "cloud.google.com/gke-gpu-partition-size") {
    w.slice = std::move(hint);
  } else if (label == "nvidia.com/mig.config") {
    if (value.text == "all-disabled") return;
    if (hint.value.starts_with("all-")) hint.value = hint.value.substr(4);
    else hint.value.clear();  // a mixture
    w.slice = std::move(hint);
  } else if (label == "nvidia.com/gpu.sharing-strategy") {
    if (value.text != "none") w.part = std::move(hint);
  } else if ((label == "nvidia.com/gpu.product" && value.text.ends_with("-SHARED")) ||
             label == "cloud.google.com/gke-gpu-sharing-strategy" ||
             label == "cloud.google.com/gke-max-shared-clients-per-gpu") {
    w.part = std::move(hint);
  }
}

void labels_to_hints(const YamlNode& labels, const std::string& from, Workload& w) {
  for (const auto& [label, value] : labels.members) label_to_part(label, *value, from, w);
  for (const std::string_view label : kProductLabels)
    add_hint(w, fmt::format("{} {}", from, label), labels[label]);
  for (const std::string_view label : kInstanceLabels)
    add_hint(w, fmt::format("{} {}", from, label), labels[label]);
}

void terms_to_hints(const YamlNode& terms, Workload& w) {
  for (const YamlPtr& term : terms.items) {
    for (const YamlPtr& expression : (*term)["matchExpressions"].items) {
      const std::string& key = (*expression)["key"].text;
      const YamlNode& values = (*expression)["values"];
      if ((*expression)["operator"].text != "In" || values.items.empty()) continue;
      label_to_part(key, *values.items[0], "nodeAffinity", w);
      const bool product =
          std::find(std::begin(kProductLabels), std::end(kProductLabels), key) != std::end(kProductLabels);
      if (!product &&
          std::find(std::begin(kInstanceLabels), std::end(kInstanceLabels), key) == std::end(kInstanceLabels))
        continue;
      add_hint(w, "nodeAffinity " + key, *values.items[0]);
      if (values.items.size() > 1)
        w.base.notes.push_back(
            fmt::format("{} allows {} values: the first is taken", key, values.items.size()));
    }
  }
}

}  // namespace

void read_placement(const YamlNode& pod, Workload& w) {
  labels_to_hints(pod["nodeSelector"], "nodeSelector", w);
  const YamlNode& affinity = pod["affinity"]["nodeAffinity"];
  terms_to_hints(affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"], w);
  for (const YamlPtr& preferred : affinity["preferredDuringSchedulingIgnoredDuringExecution"].items) {
    for (const YamlPtr& expression : (*preferred)["preference"]["matchExpressions"].items) {
      if ((*expression)["key"].text == "nvidia.com/gpu.product" && !(*expression)["values"].items.empty())
        add_hint(w, "nodeAffinity (preferred) nvidia.com/gpu.product", *(*expression)["values"].items[0]);
    }
  }
  terms_to_hints(pod["nodeSelectorTerms"], w);
}

void read_resource(const std::string& name, const YamlNode& count, int line, Workload& w) {
  if (part_of_card(name)) w.part = DeviceHint{"resource " + name, count.text, count.line};
  if (!gpu_resource(name)) return;
  w.base.gpu_resource = name;
  w.base.gpu_line = line;
  const Word word = expanded_word(count, Dialect::shell, w.variables);
  if (const auto n = units::parse_count(word.text); n && word.unresolved.empty()) {
    w.gpus_per_node = std::min<std::int64_t>(*n, 65536);
  } else {
    add_unresolved(w.base, "gpus",
                   word.unresolved.empty() ? std::vector<std::string>{count.text} : word.unresolved);
  }
  if (name.starts_with(kMigResource))
    w.slice = DeviceHint{"resource " + name, name.substr(kMigResource.size()), count.line};
}

void read_resources(const YamlNode& resources, Workload& w) {
  for (const char* part : {"requests", "limits"}) {
    const YamlNode& list = resources[part];
    for (std::size_t i = 0; i < list.members.size(); ++i)
      read_resource(list.members[i].first, *list.members[i].second, list.key_lines[i], w);
  }
}

}  // namespace qwenfit::plan
