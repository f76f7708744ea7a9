#include "file_objects.hpp"

#include <algorithm>

#include "readers.hpp"

namespace qwenfit::plan {

void FileObjects::add(const YamlPtr& object) {
  const std::string& kind = (*object)["kind"].text;
  const std::string& name = (*object)["metadata"]["name"].text;
  if (kind.ends_with("List")) {
    for (const YamlPtr& item : (*object)["items"].items) add(item);
  } else if (kind == "ConfigMap") {
    config_maps[name] = object;
  } else if (kind == "ResourceClaim" || kind == "ResourceClaimTemplate") {
    claims[name] = object;
  } else if (kind == "ServingRuntime" || kind == "ClusterServingRuntime") {
    runtimes[name] = object;
  } else if (kind == "InferenceService") {
    used_runtimes.insert((*object)["spec"]["predictor"]["model"]["runtime"].text);
  }
}

bool may_be_referred_to(std::string_view text) {
  for (const std::string_view kind :
       {"ConfigMap", "ResourceClaim", "ServingRuntime", "InferenceService", "List"}) {
    if (text.find(kind) != std::string_view::npos) return true;
  }
  return false;
}

void read_container_environment(const YamlNode& container, const FileObjects& objects, Variables& variables) {
  const auto config = [&](const std::string& name) -> const YamlNode* {
    const auto it = objects.config_maps.find(name);
    return it == objects.config_maps.end() ? nullptr : &(*it->second)["data"];
  };
  for (const YamlPtr& source : container["envFrom"].items) {
    const YamlNode* data = config((*source)["configMapRef"]["name"].text);
    if (!data) continue;
    for (const auto& [name, value] : data->members) {
      if (value->is_scalar()) variables.set((*source)["prefix"].text + name, {value->word()}, false);
    }
  }
  // Later variables may use earlier ones, so all are read in their order.
  for (const YamlPtr& item : container["env"].items) {
    const YamlNode& ref = (*item)["valueFrom"]["configMapKeyRef"];
    const YamlNode* data = ref.is_map() ? config(ref["name"].text) : nullptr;
    const YamlNode& value = data ? (*data)[ref["key"].text] : ref;
    if (data && value.is_scalar()) {
      variables.set((*item)["name"].text, {value.word()}, false);
    } else {
      YamlNode one;
      one.kind = YamlKind::sequence;
      one.items.push_back(item);
      read_environment(one, Dialect::kubernetes, variables);
    }
  }
  if (container["env"].is_map()) read_environment(container["env"], Dialect::kubernetes, variables);
}

namespace {

/// productName == 'NVIDIA H100 80GB HBM3' of a CEL expression.
std::string product_in(std::string_view expression) {
  const auto at = expression.find("productName");
  if (at == std::string_view::npos) return {};
  const auto open = expression.find_first_of("'\"", at);
  if (open == std::string_view::npos) return {};
  const std::string_view rest = expression.substr(open);
  // attributes["gpu.nvidia.com"].productName == "...": the quote behind the name may close another word
  const auto begin = rest.find_first_not_of("'\"]). =");
  if (begin == std::string_view::npos) return {};
  const auto end = rest.find_first_of("'\"", begin);
  return std::string(rest.substr(begin, end == std::string_view::npos ? end : end - begin));
}

}  // namespace

void read_claims(const YamlNode& container, const YamlNode& pod, const FileObjects& objects, Workload& w) {
  for (const YamlPtr& wanted : container["resources"]["claims"].items) {
    for (const YamlPtr& claim : pod["resourceClaims"].items) {
      if ((*claim)["name"].text != (*wanted)["name"].text) continue;
      const YamlNode& name = (*claim)["resourceClaimTemplateName"].is_scalar()
                                 ? (*claim)["resourceClaimTemplateName"]
                                 : (*claim)["resourceClaimName"];
      const auto it = objects.claims.find(name.text);
      if (it == objects.claims.end()) {
        add_unresolved(w.base, "gpus", {"the claim " + name.text});
        continue;
      }
      const YamlNode& spec = (*it->second)["spec"];
      const YamlNode& devices = spec["spec"].is_map() ? spec["spec"]["devices"] : spec["devices"];
      std::int64_t cards = 0;
      for (const YamlPtr& request : devices["requests"].items) {
        const YamlNode& exact = (*request)["exactly"].is_map() ? (*request)["exactly"] : *request;
        if (exact["deviceClassName"].text.find("gpu") == std::string::npos) continue;
        cards += std::clamp<std::int64_t>(exact["count"].number().value_or(1), 0, 65536);
        for (const YamlPtr& selector : exact["selectors"].items) {
          const YamlNode& cel = (*selector)["cel"]["expression"];
          if (const std::string product = product_in(cel.text); !product.empty())
            w.device_hints.push_back({"claim " + name.text, product, cel.line});
        }
      }
      if (cards == 0) continue;
      w.gpus_per_node = w.gpus_per_node.value_or(0) + cards;
      w.base.gpu_resource = "claim " + name.text;
      w.base.gpu_line = wanted->line;
    }
  }
}

}  // namespace qwenfit::plan
