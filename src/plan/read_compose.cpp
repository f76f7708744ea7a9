// docker-compose files and llama-swap configurations.

#include "model_names.hpp"
#include "serving.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

void service_devices(const YamlNode& service, Workload& w) {
  for (const YamlPtr& device : service["deploy"]["resources"]["reservations"]["devices"].items) {
    bool gpu = (*device)["driver"].text == "nvidia" || (*device)["driver"].text == "amdgpu" ||
               (*device)["driver"].text == "cdi";
    for (const YamlPtr& capability : (*device)["capabilities"].items) gpu = gpu || capability->text == "gpu";
    if (!gpu) continue;
    const YamlNode& ids = (*device)["device_ids"];
    const YamlNode& count = (*device)["count"];
    if (ids.is_list()) {
      std::string list;
      std::vector<std::string> unresolved;
      for (const YamlPtr& id : ids.items) {
        const Word word = expanded_word(*id, Dialect::compose, w.variables);
        list += (list.empty() ? "" : ",") + word.text;
        unresolved.insert(unresolved.end(), word.unresolved.begin(), word.unresolved.end());
      }
      if (unresolved.empty()) take_gpu_list(list, ids.line, "device_ids", w);
      else add_unresolved(w.base, "gpus", unresolved);
    } else {
      const Word word = count.is_scalar() ? expanded_word(count, Dialect::compose, w.variables)
                                          : Word{"all", device->line, {}};
      if (word.unresolved.empty()) take_gpu_list(word.text, word.line, "compose devices", w);
      else add_unresolved(w.base, "gpus", word.unresolved);
    }
  }
  for (const YamlPtr& item : service["deploy"]["resources"]["reservations"]["generic_resources"].items) {
    const YamlNode& discrete = (*item)["discrete_resource_spec"];  // of a swarm
    if (contains_folded(discrete["kind"].text, "gpu"))
      take_gpu_list(discrete["value"].text, item->line, "compose generic resources", w);
  }
  if (const YamlNode& gpus = service["gpus"]; gpus.is_scalar() && w.base.gpu_resource.empty())
    take_gpu_list(expanded_word(gpus, Dialect::compose, w.variables).text, gpus.line, "compose gpus", w);
}

/// command or entrypoint: a list, or one line of words.
void add_words(const YamlNode& node, Variables& variables, std::vector<Word>& words) {
  if (node.is_scalar()) {
    // Variables are put in first, then the line is split.
    const std::vector<Word> raw = split_words(node.text, node.line);
    for (const Word& word : raw) {
      YamlNode piece;
      piece.kind = YamlKind::scalar;
      piece.text = word.text;
      piece.line = node.block && !node.folded ? word.line : node.line;
      Word put = expanded_word(piece, Dialect::compose, variables);
      // An unquoted variable that holds several words is several words.
      if (word.text.starts_with('$') && put.unresolved.empty() &&
          (put.text.empty() || put.text.find(' ') != std::string::npos)) {
        for (Word& part : split_words(put.text, put.line)) {
          part.line = put.line;
          words.push_back(std::move(part));
        }
      } else {
        words.push_back(std::move(put));
      }
    }
    return;
  }
  for (const YamlPtr& item : node.items) words.push_back(expanded_word(*item, Dialect::compose, variables));
}

/// An Ollama server without a model beside a service that pulls one: the server runs it.
void join_ollama(const Source& source) {
  std::vector<Deployment>& list = source.report.deployments;
  const auto server = std::find_if(list.begin(), list.end(), [&](const Deployment& d) {
    return d.file == source.file && d.engine == "ollama" && d.model.empty();
  });
  if (server == list.end()) return;
  bool pulled = false;
  for (Deployment& d : list) {
    if (d.file != source.file || d.engine != "ollama" || d.model.empty()) continue;
    pulled = true;
    d.name = server->name;
    d.line = server->line;
    d.gpus = server->gpus;
    d.gpus_per_node = server->gpus_per_node;
    d.gpu_resource = server->gpu_resource;
    d.gpu_ids = server->gpu_ids;
    d.gpu_line = server->gpu_line;
    for (const auto& [name, flag] : server->flags) d.flags.emplace(name, flag);
    const Scenario& s = server->scenario;
    if (!d.scenario.context) d.scenario.context = s.context;
    if (!d.scenario.kv_type) d.scenario.kv_type = s.kv_type;
    if (!d.scenario.parallel_slots) d.scenario.parallel_slots = s.parallel_slots;
    if (!d.scenario.concurrency) d.scenario.concurrency = s.concurrency;
    if (!d.scenario.flash_attention) d.scenario.flash_attention = s.flash_attention;
  }
  if (pulled) list.erase(server);
}

}  // namespace

bool read_compose(const YamlNode& root, const Source& source) {
  const YamlNode& services = root["services"];
  if (!services.is_map()) return false;
  bool found = false;
  for (std::size_t i = 0; i < services.members.size(); ++i) {
    const auto& [name, service] = services.members[i];
    if (!service->is_map()) continue;
    Workload w = workload_at(source, "compose service", name, services.key_lines[i]);
    Variables outside = w.variables;  // compose puts these in; the service's own environment is the process's
    w.base.image = expanded_word((*service)["image"], Dialect::compose, outside).text;
    for (const YamlNode* n : {&(*service)["scale"], &(*service)["deploy"]["replicas"]}) replicas_from(*n, w);
    for (const auto& [key, value] : (*service)["labels"].members) {
      if (key.starts_with("ignore.qwenfit/")) w.base.suppressions[key.substr(15)] = value->text;
    }
    service_devices(*service, w);
    for (const YamlPtr& volume : (*service)["volumes"].items) {
      const bool plain = volume->is_scalar();
      const std::string written =
          plain ? volume->text : (*volume)["source"].text + ":" + (*volume)["target"].text;
      add_mount(expand(written, Dialect::compose, outside).text, w.mounts);
    }
    std::vector<Word> words;
    add_words((*service)["entrypoint"], outside, words);
    add_words((*service)["command"], outside, words);
    Variables own;
    read_environment((*service)["environment"], Dialect::compose, outside);
    for (const YamlPtr& item : (*service)["environment"].items) {
      const auto equals = item->text.find('=');
      if (equals == std::string::npos) continue;
      const std::string key = item->text.substr(0, equals);
      const auto value = outside.find(key);
      if (value.set) own.set(key, value.words, false);
    }
    for (const auto& [key, unused] : (*service)["environment"].members) {
      const auto value = outside.find(key);
      if (value.set) own.set(key, value.words, false);
    }
    w.variables = own;
    const bool started = add_process(w, words, (*service).has("entrypoint"), source);
    if (!started && (*service)["models"].is_list()) continue;
    // Compose's own models, and programs that are told an Ollama tag.
    found = found || started;
  }
  join_ollama(source);
  // models: NAME: {model: ai/qwen3:8b, context_size: 8192} of Docker Model Runner
  for (const auto& [name, model] : root["models"].members) {
    if (!(*model)["model"].is_scalar()) continue;
    Workload w = workload_at(source, "compose model", name, model->line);
    w.engine = EngineKind::llama_cpp;
    w.model = (*model)["model"].word();
    if (w.model->text.starts_with("ai/")) w.model->text = w.model->text.substr(3);
    if ((*model)["context_size"].is_scalar())
      w.args = {{"--ctx-size", model->line, {}}, (*model)["context_size"].word()};
    for (const YamlPtr& flag : (*model)["runtime_flags"].items) w.args.push_back(flag->word());
    add_workload(std::move(w), source);
    found = true;
  }
  return found;
}

bool read_llama_swap(const YamlNode& root, const Source& source) {
  const YamlNode& models = root["models"];
  if (!models.is_map()) return false;
  bool is_one = false;
  for (const auto& [name, model] : models.members) is_one = is_one || (*model)["cmd"].is_scalar();
  if (!is_one) return false;
  for (std::size_t i = 0; i < models.members.size(); ++i) {
    const auto& [name, model] = models.members[i];
    const YamlNode& cmd = (*model)["cmd"];
    if (!cmd.is_scalar()) continue;
    Workload w = workload_at(source, "llama-swap model", name, models.key_lines[i]);
    Variables macros = w.variables;
    macros.set("PORT", "8080");
    macros.set("MODEL_ID", name);
    // Macros may hold macros: those above are known to those below; the model's own win.
    for (const YamlNode* list : {&root["macros"], &(*model)["macros"]}) {
      for (const auto& [macro, value] : list->members)
        macros.set(macro, {expanded_word(*value, Dialect::shell, macros)}, false);
    }
    read_environment((*model)["env"], Dialect::compose, w.variables);
    std::string text = cmd.text;
    // ${latest-llama} has a dash: a name here, a default to a shell.
    for (const std::string& macro : macros.names()) {
      if (macro.find('-') == std::string::npos) continue;
      const std::string written = "${" + macro + "}";
      const std::string value = macros.text(macro);
      for (auto at = text.find(written); at != std::string::npos && text.size() < 65536;
           at = text.find(written, at + value.size()))
        text.replace(at, written.size(), value);
    }
    for (const std::string& variable : w.variables.names())
      macros.set(variable, w.variables.find(variable).words, false);
    // A macro that begins the command holds several words, so the words are split after it is put in.
    std::vector<Word> words;
    for (const Word& word : split_words(text, cmd.line)) {
      const Expanded e = expand(word.text, Dialect::shell, macros);
      if (word.text.starts_with("${") && e.unresolved.empty() &&
          e.text.find_first_of(" \n") != std::string::npos) {
        for (Word& part : split_words(e.text, word.line)) {
          part.line = word.line;
          words.push_back(std::move(part));
        }
      } else {
        words.push_back({e.text, cmd.folded ? cmd.line : word.line, e.unresolved});
      }
    }
    if (!add_process(w, words, false, source)) {
      bool qwen = false;
      for (const Word& word : words) qwen = qwen || mentions_qwen(word.text);
      if (!qwen) continue;
      // Some other program that loads the file: named, not estimated.
      w.engine = EngineKind::other;
      w.program = words.empty() ? "" : std::string(base_name(words[0].text));
      w.args = words;
      for (const Word& word : words) {
        if (!w.model && mentions_qwen(word.text)) w.model = word;
      }
      add_workload(std::move(w), source);
    }
  }
  return true;
}

}  // namespace qwenfit::plan
