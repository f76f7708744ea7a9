// systemd units, container units (Quadlet) among them.
#include "lines.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {

void read_systemd_unit(const Source& source) {
  Variables variables = given_variables(source);
  std::string name(base_name(source.file));
  std::string image;
  std::string exec;   // of a container unit (Quadlet)
  std::string cards;  // likewise
  int exec_line = 1;
  const auto lines = logical_lines(source.text);
  for (const auto& [text, number] : lines) {
    std::string_view l = trim(text);
    if (l.starts_with("Environment=")) {
      for (const Word& part : split_words(l.substr(12), number)) {
        const auto equals = part.text.find('=');
        if (equals != std::string::npos)
          variables.set(part.text.substr(0, equals), part.text.substr(equals + 1), number);
      }
    } else if (l.starts_with("Image=")) {
      image = std::string(trim(l.substr(6)));
    } else if (l.starts_with("AddDevice=nvidia.com/gpu=")) {
      cards += (cards.empty() ? "" : ",") + std::string(trim(l.substr(25)));
    } else if (l.starts_with("Exec=")) {
      exec = std::string(l.substr(5));
      exec_line = number;
    }
  }
  const auto words_of = [&](std::string_view text, int line) {
    std::vector<Word> words;
    for (const Word& raw : split_words(text, line)) {
      const Expanded e = expand(raw.text, Dialect::systemd, variables);
      if (raw.text.starts_with('$') && !raw.text.starts_with("${") && e.unresolved.empty()) {
        for (Word& part : split_words(e.text, raw.line)) words.push_back(std::move(part));
      } else {
        words.push_back({e.text, raw.line, e.unresolved});
      }
    }
    return words;
  };
  for (const auto& [text, number] : lines) {
    std::string_view l = trim(text);
    if (!l.starts_with("ExecStart=")) continue;
    l.remove_prefix(10);
    while (!l.empty() && (l[0] == '-' || l[0] == '@' || l[0] == '+' || l[0] == '!' || l[0] == ':'))
      l.remove_prefix(1);
    Workload w = workload_at(source, "systemd unit", name, number);
    w.variables = variables;
    add_process(std::move(w), words_of(l, number), true, source);
  }
  if (!image.empty()) {
    Workload w = workload_at(source, "container unit", name, exec_line);
    w.variables = variables;
    w.base.image = image;
    if (!cards.empty()) take_gpu_list(cards == "all" ? cards : "device=" + cards, exec_line, "AddDevice", w);
    add_process(std::move(w), words_of(exec, exec_line), false, source);
  }
}

}  // namespace qwenfit::plan
