// A start command as Kubernetes objects.
#include <fmt/format.h>

#include "command.hpp"

namespace qwenfit::report {
namespace {

/// Kubernetes puts variables in for $(NAME).
std::string kubernetes_scalar(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '(') out += '$';
    out += text[i];
  }
  return yaml_text(out);
}

void add_kubernetes_list(std::string& out, std::string_view key, const std::vector<std::string>& items) {
  if (items.empty()) return;
  out += fmt::format("          {}:\n", key);
  for (const std::string& item : items) out += fmt::format("            - {}\n", kubernetes_scalar(item));
}

std::string config_map(const plan::StartCommand& c, const Contained& inside) {
  std::string out =
      fmt::format("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\ndata:\n  Modelfile: |\n", c.name);
  for (const std::string& line : inside.modelfile) out += "    " + line + "\n";
  return out + "---\n";
}

void add_container(std::string& out, const plan::StartCommand& c, const Contained& inside) {
  out += fmt::format("        - name: server\n          image: {}\n", c.image);
  add_kubernetes_list(out, "command", inside.program);
  add_kubernetes_list(out, "args", inside.words);
  out += "          env:\n";
  for (const auto& [name, value] : inside.environment)
    out += fmt::format("            - name: {}\n              value: {}\n", name, kubernetes_scalar(value));
  if (!inside.modelfile.empty()) {
    out += "            - name: OLLAMA_HOST\n              value: \"0.0.0.0\"\n";
    const std::string create =
        fmt::format("until ollama list; do sleep 1; done; ollama create {} -f /etc/qwenfit/Modelfile",
                    shell_word(c.served_name));
    out += fmt::format(
        "          lifecycle:\n            postStart:\n              exec:\n"
        "                command: [\"/bin/sh\", \"-c\", {}]\n",
        kubernetes_scalar(create));
  }
  out += fmt::format("          ports:\n            - containerPort: {}\n", c.port);
  // Loading takes minutes: an hour is left for it.
  out += fmt::format(
      "          startupProbe:\n            httpGet:\n              path: {}\n              port: {}\n"
      "            periodSeconds: 10\n            failureThreshold: 360\n",
      c.health, c.port);
  if (c.cards > 0)
    out += fmt::format("          resources:\n            limits:\n              {}: {}\n", c.gpu_resource,
                       c.cards);
  out += fmt::format("          volumeMounts:\n            - name: weights\n              mountPath: {}\n",
                     kWeightsFolder);
  if (!inside.folder.empty())
    out += "            - name: models\n              mountPath: /models\n              readOnly: true\n";
  if (!inside.program.empty()) out += "            - name: shm\n              mountPath: /dev/shm\n";
  if (!inside.modelfile.empty())
    out += "            - name: modelfile\n              mountPath: /etc/qwenfit\n";
}

void add_volumes(std::string& out, const plan::StartCommand& c, const Contained& inside) {
  out += "      volumes:\n        - name: weights\n          emptyDir: {}\n";
  if (!inside.folder.empty()) {
    out +=
        "        - name: models  # a claim of your own that holds the weights\n"
        "          persistentVolumeClaim:\n            claimName: models\n";
  }
  if (!inside.program.empty())
    out +=
        "        - name: shm\n          emptyDir:\n            medium: Memory\n            sizeLimit: 16Gi\n";
  if (!inside.modelfile.empty())
    out += fmt::format("        - name: modelfile\n          configMap:\n            name: {}\n", c.name);
}

}  // namespace

std::string command_kubernetes(const plan::StartCommand& c, const Estimate& e) {
  const Contained inside = contained(c, "kubernetes");
  std::string out = command_comments(c, e);
  if (!inside.modelfile.empty()) out += config_map(c, inside);
  out += fmt::format(
      "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {0}\n  labels:\n    app: {0}\n", c.name);
  if (e.setup.concurrency > 1)
    out += fmt::format("  annotations:\n    require.qwenfit/concurrency: \"{}\"\n", e.setup.concurrency);
  // A second copy would wait for cards that the first one holds.
  out += fmt::format(
      "spec:\n  replicas: 1\n  strategy:\n    type: Recreate\n  selector:\n    matchLabels:\n      app: {0}\n"
      "  template:\n    metadata:\n      labels:\n        app: {0}\n    spec:\n",
      c.name);
  if (!c.gpu_product.empty())
    out += fmt::format("      nodeSelector:\n        nvidia.com/gpu.product: {}\n", c.gpu_product);
  out += "      containers:\n";
  add_container(out, c, inside);
  add_volumes(out, c, inside);
  out += fmt::format(
      "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {0}\nspec:\n  selector:\n    app: {0}\n  "
      "ports:\n"
      "    - port: {1}\n      targetPort: {1}\n",
      c.name, c.port);
  return out;
}

}  // namespace qwenfit::report
