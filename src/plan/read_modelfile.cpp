// Ollama Modelfiles: of their own, and those that a script writes for `ollama create`.
#include <algorithm>
#include <set>

#include "lines.hpp"
#include "model_names.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

struct Modelfile {
  Word from;  ///< empty: it names none
  std::vector<Word> options;
};

/// What stands behind FROM: the rest of its line, for a file's name may hold blanks.
std::string_view from_of(std::string_view rest) {
  if (rest.size() >= 2 && rest.front() == '"' && rest.find('"', 1) != std::string_view::npos)
    return rest.substr(1, rest.find('"', 1) - 1);
  return trim(rest.substr(0, rest.find(" #")));
}

Modelfile parse(std::string_view text, int first_line) {
  Modelfile out;
  for (const Line& line : lines_of(text)) {
    const int number = line.number + first_line - 1;
    const auto words = split_words(line.text, number);
    if (words.size() < 2) continue;
    const std::string key = lower(words[0].text);
    const std::string_view l = trim(line.text);
    if (key == "from") {
      out.from = Word{std::string(from_of(trim(l.substr(words[0].text.size())))), number, {}};
    } else if (key == "parameter" && words.size() > 2 &&
               (words[1].text == "num_ctx" || words[1].text == "num_gpu")) {
      out.options.push_back({"--" + words[1].text, number, {}});
      out.options.push_back(words[2]);
    }
  }
  return out;
}

/// Options of `ollama create` with a value behind them.
bool takes_value(std::string_view word) {
  return word == "-f" || word == "--file" || word == "-q" || word == "--quantize";
}

bool in_catalog(const std::string& name, const Source& source) {
  Deployment d;
  d.engine = engine_id(EngineKind::ollama);
  d.model = name;
  name_model(d, true, source.options);
  return !d.model_id.empty();
}

/// The here-document that `ollama create` makes its model of; null: none.
const Embedded* document_of(const Launch& launch, const std::vector<Embedded>& written) {
  std::string_view file = "Modelfile";  // what is read where nothing is said
  for (std::size_t i = 0; i < launch.args.size(); ++i) {
    const std::string_view word = launch.args[i].text;
    if ((word == "-f" || word == "--file") && i + 1 < launch.args.size()) file = launch.args[i + 1].text;
    else if (word.starts_with("--file=")) file = word.substr(7);
  }
  for (const Embedded& document : written) {
    if (!document.word.empty() && base_name(document.word) == base_name(file)) return &document;
  }
  return nullptr;
}

/// The word that names the model; null: none.
Word* name_in(Launch& launch) {
  for (std::size_t i = 0; i < launch.args.size(); ++i) {
    if (takes_value(launch.args[i].text)) ++i;
    else if (!launch.args[i].text.starts_with('-')) return &launch.args[i];
  }
  return nullptr;
}

}  // namespace

void read_modelfile(const Source& source) {
  Modelfile file = parse(source.text, 1);
  if (file.from.text.empty()) return;
  Workload w = workload_at(source, "Modelfile", std::string(base_name(source.file)), file.from.line);
  w.engine = EngineKind::ollama;
  w.program = "ollama";
  w.model = std::move(file.from);
  w.args = std::move(file.options);
  add_workload(std::move(w), source);
}

std::vector<Embedded> take_modelfiles(std::vector<Launch>& launches, const Source& source) {
  std::vector<Embedded> told;
  const auto creates = [](const Launch& l) { return l.subcommand == "create"; };
  if (std::none_of(launches.begin(), launches.end(), creates)) return told;
  const std::vector<Embedded> written = here_documents(source.text, 1);
  std::set<std::string> made;
  for (Launch& launch : launches) {
    const Embedded* document = creates(launch) ? document_of(launch, written) : nullptr;
    Word* name = name_in(launch);
    if (!document || !name) continue;
    std::string text = document->text;
    if (document->expands) text = expand(text, Dialect::shell, launch.variables).text;
    Modelfile file = parse(text, document->line);
    if (file.from.text.empty()) continue;
    made.insert(name->text);
    // What the model is called may say more than the file that it is made of: ./model.gguf
    if (in_catalog(file.from.text, source) || !in_catalog(name->text, source)) *name = std::move(file.from);
    launch.args.insert(launch.args.end(), file.options.begin(), file.options.end());
    told.push_back(*document);
  }
  // `ollama run NAME` runs what was made.
  std::erase_if(launches, [&](Launch& launch) {
    const Word* name = creates(launch) ? nullptr : name_in(launch);
    return name && made.contains(name->text);
  });
  return told;
}

void drop_modelfiles(const std::vector<Embedded>& documents, const Source& source) {
  for (const Embedded& document : documents) {
    const int end =
        document.line + static_cast<int>(std::count(document.text.begin(), document.text.end(), '\n'));
    std::erase_if(source.report.deployments, [&](const Deployment& d) {
      return d.kind == "Modelfile" && d.file == source.file && d.line >= document.line && d.line < end;
    });
  }
}

}  // namespace qwenfit::plan
