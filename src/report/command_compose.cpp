// A start command as a compose file.
#include <fmt/format.h>

#include "command.hpp"

namespace qwenfit::report {
namespace {

/// Compose puts variables in for what begins with a dollar sign.
std::string compose_scalar(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '$' ? std::string("$$") : std::string(1, c);
  return yaml_text(out);
}

void add_compose_list(std::string& out, std::string_view key, const std::vector<std::string>& items) {
  if (items.empty()) return;
  out += fmt::format("    {}:\n", key);
  for (const std::string& item : items) out += fmt::format("      - {}\n", compose_scalar(item));
}

void add_cards(std::string& out, const plan::StartCommand& c) {
  if (c.gpu_resource == "nvidia.com/gpu") {
    out += fmt::format(
        "    deploy:\n      resources:\n        reservations:\n          devices:\n"
        "            - driver: nvidia\n              count: {}\n              capabilities: [gpu]\n",
        c.cards);
  } else if (c.gpu_resource.starts_with("nvidia.com/mig-")) {
    out +=
        "    deploy:\n      resources:\n        reservations:\n          devices:\n"
        "            - driver: nvidia\n"
        "              device_ids: [\"0:0\"]  # slice 0 of card 0: nvidia-smi -L lists them\n"
        "              capabilities: [gpu]\n";
  } else if (c.gpu_resource == "amd.com/gpu") {
    out += "    devices: [/dev/kfd, /dev/dri]\n    group_add: [video]\n";
  } else if (!c.gpu_resource.empty()) {
    out += "    devices: [/dev/dri]\n";
  }
}

}  // namespace

std::string command_compose(const plan::StartCommand& c, const Estimate& e) {
  const Contained inside = contained(c, "compose");
  std::string out = command_comments(c, e);
  out += fmt::format("services:\n  {}:\n    image: {}\n", c.name, c.image);
  if (inside.modelfile.empty()) {
    add_compose_list(out, "entrypoint", inside.program);
    add_compose_list(out, "command", inside.words);
  } else {
    add_compose_list(out, "entrypoint", {"/bin/sh", "-c"});
    add_compose_list(out, "command",
                     {fmt::format("ollama serve & until ollama list; do sleep 1; done; ollama create {} -f "
                                  "/etc/qwenfit/Modelfile; wait",
                                  shell_word(c.served_name))});
    out += "    configs:\n      - source: modelfile\n        target: /etc/qwenfit/Modelfile\n";
  }
  out += "    environment:\n";
  for (const auto& [name, value] : inside.environment)
    out += fmt::format("      {}: {}\n", name, compose_scalar(value));
  out += fmt::format("    ports:\n      - \"{0}:{0}\"\n", c.port);
  out += fmt::format("    volumes:\n      - weights:{}\n", kWeightsFolder);
  if (!inside.folder.empty()) {  // the long form: a folder's name may hold a colon
    out += fmt::format(
        "      - type: bind\n        source: {}\n        target: /models\n        read_only: true\n",
        compose_scalar(inside.folder));
  }
  if (!inside.program.empty()) out += "    ipc: host\n";  // ranks share memory
  add_cards(out, c);
  out += "volumes:\n  weights: {}\n";
  if (!inside.modelfile.empty()) {
    out += "configs:\n  modelfile:\n    content: |\n";
    for (const std::string& line : inside.modelfile) {
      out += "      ";
      for (const char d : line) out += d == '$' ? std::string("$$") : std::string(1, d);
      out += "\n";
    }
  }
  return out;
}

}  // namespace qwenfit::report
