// Ollama Modelfiles.
#include "lines.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {

void read_modelfile(const Source& source) {
  Workload w = workload_at(source, "Modelfile", std::string(base_name(source.file)), 1);
  w.engine = EngineKind::ollama;
  w.program = "ollama";
  for (const Line& line : lines_of(source.text)) {
    const auto words = split_words(line.text, line.number);
    if (words.empty()) continue;
    const std::string key = lower(words[0].text);
    if (key == "from" && words.size() > 1) {
      w.model = words[1];
      w.base.line = line.number;
    } else if (key == "parameter" && words.size() > 2 &&
               (words[1].text == "num_ctx" || words[1].text == "num_gpu")) {
      w.args.push_back({"--" + words[1].text, line.number, {}});
      w.args.push_back(words[2]);
    }
  }
  if (w.model) add_workload(std::move(w), source);
}

}  // namespace qwenfit::plan
