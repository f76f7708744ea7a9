// What readers of files find: a process to be, with its surroundings, not yet understood.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "launch.hpp"
#include "qwenfit/plan.hpp"

namespace qwenfit::plan {

/// Something in a file that tells the device: a label, a resource name, an instance type.
struct DeviceHint {
  std::string source;  ///< "nodeSelector cloud.google.com/gke-accelerator"
  std::string value;
  int line = 0;
};

struct Workload {
  Deployment base;  ///< file, line, kind, name, container, role, image, replicas, nodes, suppressions
  std::optional<EngineKind> engine;  ///< as the object says or its image; a command line says it better
  std::string program;
  std::vector<Word> args;
  Variables variables;
  std::optional<Word> model;  ///< as the object says: "hf://Qwen/Qwen3-8B"
  std::vector<Word> served_names;
  std::optional<std::int64_t> gpus_per_node;
  std::vector<DeviceHint> device_hints;
  std::optional<DeviceHint> slice;  ///< of a card: its MIG profile, empty where only that it is one is said
  std::optional<DeviceHint> part;   ///< of a card that no name says: time slicing, a memory limit
  std::vector<std::pair<std::string, std::string>> require;  ///< scenario keys of `require`
  std::map<std::string, std::string> files;  ///< by name: what the manifest or script itself writes
  Mounts mounts;
};

/// The workload as a deployment with a scenario. Flags that can't be read become findings.
Deployment interpret(Workload workload, const Options& options);

/// Adds `name` ("what: $VARIABLE") once.
void add_unresolved(Deployment& deployment, const std::string& what, const std::vector<std::string>& names);

}  // namespace qwenfit::plan
