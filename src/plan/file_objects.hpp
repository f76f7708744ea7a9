// What objects of a manifest say about each other: ConfigMaps, device claims, KServe's runtimes. Only those
// of the same file: nothing in a plan makes qwenfit open another one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "yaml_tree.hpp"

namespace qwenfit::plan {

struct Workload;

/// Objects of one file that others refer to, by name. Namespaces are not told apart.
struct FileObjects {
  std::map<std::string, YamlPtr> config_maps;
  std::map<std::string, YamlPtr> claims;    ///< ResourceClaim and ResourceClaimTemplate
  std::map<std::string, YamlPtr> runtimes;  ///< ServingRuntime and ClusterServingRuntime
  std::set<std::string> used_runtimes;      ///< named by an InferenceService of the file

  void add(const YamlPtr& object);
  bool empty() const { return config_maps.empty() && claims.empty() && runtimes.empty(); }
};

/// Whether a document may be one of these, from its text.
bool may_be_referred_to(std::string_view text);

/// Variables of a container: `envFrom` and `env`, with the values of the file's ConfigMaps.
void read_container_environment(const YamlNode& container, const FileObjects& objects, Variables& variables);

/// Cards that a container claims through `resources.claims`.
void read_claims(const YamlNode& container, const YamlNode& pod, const FileObjects& objects,
                 Workload& workload);

}  // namespace qwenfit::plan
