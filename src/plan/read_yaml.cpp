// YAML files: documents one by one, each to the reader that knows its shape.

#include "qwenfit/error.hpp"
#include "readers.hpp"
#include "templates.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// Whether a document can start an engine at all: most of a rendered chart can't, and is not even parsed.
bool hints_at_engine(std::string_view text) {
  for (const std::string_view hint :
       {"qwen",          "vllm",          "sglang",           "llama",
        "trtllm",        "tensorrt",      "text-generation",  "hf://",
        "qwq",           "huggingface",   "inferenceservice", "modelurl",
        "launch_server", "cmd:",          "deployments",      "playground",
        "openmodel",     "max-model-len", "max_model_len",    "mem-fraction-static",
        "accelerators"}) {
    if (contains_folded(text, hint)) return true;
  }
  return false;
}

bool launches_in_members(const YamlNode& node, const Workload& w, const Source& source, int depth);

/// Any scalar that holds a command line: workflow steps, playbooks, values of other charts.
bool launches_anywhere(const YamlNode& node, const Workload& w, const Source& source, int depth) {
  if (depth > 60) return false;
  bool found = false;
  if (node.is_scalar()) {
    const auto launches = launches_of_scalar(node, w.variables);
    add_launches(launches, w, source);
    return !launches.empty();
  }
  for (const YamlPtr& item : node.items) found = launches_anywhere(*item, w, source, depth + 1) || found;
  // image/command/args without a pod around them: values of a chart.
  const YamlNode& image = node["image"];
  if (image.kind != YamlKind::null && (node.has("command") || node.has("args")) && !node.has("containers")) {
    YamlNode container = node;
    if (image.is_map()) {
      auto text = std::make_shared<YamlNode>();
      text->kind = YamlKind::scalar;
      text->line = image.line;
      text->text = image_of_values(node);
      container.members.emplace_back("image", text);
      container.key_lines.push_back(image.line);
    }
    Workload one = w;
    one.base.kind = "values";
    for (const YamlPtr& need : node["resourceRequirements"].items) {  // Amazon ECS
      if ((*need)["type"].text == "GPU") one.gpus_per_node = (*need)["value"].number();
    }
    if (read_container(container, node, one, source)) return true;
  } else if (read_model_values(node, w, source)) {
    return true;
  }
  // Workflows set variables for all that is below.
  for (const char* key : {"env", "variables", "environment"}) {
    const YamlNode& set = node[key];
    if (!set.is_map() && !set.is_list()) continue;
    Workload below = w;
    read_environment(set, Dialect::kubernetes, below.variables);
    return launches_in_members(node, below, source, depth);
  }
  return launches_in_members(node, w, source, depth);
}

bool launches_in_members(const YamlNode& node, const Workload& w, const Source& source, int depth) {
  bool found = false;
  for (const auto& [key, value] : node.members) {
    if (key == "healthcheck" || key == "livenessProbe" || key == "readinessProbe" || key == "startupProbe" ||
        key == "description")
      continue;
    found = launches_anywhere(*value, w, source, depth + 1) || found;
  }
  return found;
}

void read_document(const YamlNode& root, const Source& source, int depth);

/// Patches of a Kustomization: objects, or operations that put arguments in the place of others.
void read_kustomization(const YamlNode& root, const Source& source, int depth) {
  std::vector<const YamlNode*> patches;
  for (const char* key : {"patches", "patchesJson6902", "patchesStrategicMerge"}) {
    for (const YamlPtr& item : root[key].items)
      patches.push_back(item->is_scalar() ? item.get() : &(*item)["patch"]);
  }
  for (const YamlNode* patch : patches) {
    if (!patch->is_scalar() || patch->text.find(':') == std::string::npos) continue;
    const YamlPtr inner = parse_yaml(patch->text, patch->line);
    if (inner->is_map()) read_document(*inner, source, depth + 1);
    for (const YamlPtr& operation : inner->items) {
      const std::string& path = (*operation)["path"].text;
      if (path.find("/args") == std::string::npos && path.find("/command") == std::string::npos) continue;
      Workload w = workload_at(source, "Kustomization patch", path, operation->line);
      std::vector<Word> words;
      for (const YamlPtr& item : (*operation)["value"].items) words.push_back(item->word());
      const std::size_t before = source.report.deployments.size();
      add_process(std::move(w), std::move(words), path.find("/command") != std::string::npos, source);
      for (std::size_t i = before; i < source.report.deployments.size(); ++i)
        add_unresolved(source.report.deployments[i], "arguments", {"what the patch is put into"});
    }
  }
}

void read_document(const YamlNode& root, const Source& source, int depth) {
  if ((!root.is_map() && !root.is_list()) || depth > 4) return;
  if (root["kind"].text == "Kustomization" || (root.has("patches") && root.has("resources")))
    return read_kustomization(root, source, depth);
  if (read_own_plan(root, source) || read_kubernetes(root, source) || read_compose(root, source) ||
      read_llama_swap(root, source) || read_helm_values(root, source) || read_recipe(root, source) ||
      read_job(root, source) || read_model_service(root, source) || read_slurm_recipe(root, source) ||
      read_option_file(root, source))
    return;
  if (root.has("apiVersion") && root.has("kind") && root["spec"].kind == YamlKind::null) return;
  Workload w =
      workload_at(source, root["kind"].text.empty() ? "command in YAML" : root["kind"].text,
                  root["metadata"]["name"].text.empty() ? root["name"].text : root["metadata"]["name"].text);
  launches_anywhere(root, w, source, 0);
}

}  // namespace

std::string read_yaml_file(const Source& source) {
  std::string complaint;
  std::string plain;
  std::string_view text = source.text;
  if (is_template(text)) {
    plain = plain_template(text);
    text = plain;
  }
  const auto documents = split_documents(text);
  Source whole = source;
  if (documents.size() > 1) {
    for (const auto& [document, line] : documents) {
      if (!may_be_referred_to(document)) continue;
      try {
        whole.objects.add(parse_yaml(document, line));
      } catch (const Error&) {
        // Told below, if it matters.
      }
    }
  }
  for (const auto& [document, line] : documents) {
    if (!hints_at_engine(document)) continue;
    try {
      read_document(*parse_yaml(document, line), whole, 0);
    } catch (const Error& e) {
      // What is no YAML but looks like a script or a template may still hold commands.
      Variables variables = given_variables(source);
      Workload w;
      w.base.file = source.file;
      const std::size_t before = source.report.deployments.size();
      add_launches(launches_of_script(document, line, variables), w, source);
      if (source.report.deployments.size() == before)
        add_unreadable({source.file, document, source.options, source.report, source.siblings}, line,
                       e.what());
      if (complaint.empty()) complaint = e.what();
    }
  }
  return complaint;
}

}  // namespace qwenfit::plan
