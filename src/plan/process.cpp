// From a process (a container, a service, a command) to the deployments it is.
#include <fmt/format.h>

#include <algorithm>

#include "options.hpp"
#include "readers.hpp"

namespace qwenfit::plan {
namespace {

/// Starts of engines that one file can hold; no honest one comes near.
constexpr std::size_t kMostOfFile = 2000;

}  // namespace

void take_gpu_list(const std::string& text, int line, const std::string& resource, Workload& w) {
  std::string value = text;
  std::erase_if(value, [](char c) { return c == '"' || c == '\'' || c == ' ' || c == '\\'; });
  const bool listed = value.starts_with("device=") || resource.ends_with("_VISIBLE_DEVICES") ||
                      resource == "ZE_AFFINITY_MASK" || resource == "device_ids";
  if (value.starts_with("device=")) value = value.substr(7);
  if (value.starts_with("count=")) value = value.substr(6);
  w.base.gpu_line = line;
  w.base.gpu_resource = resource;
  if (value == "all" || value == "-1" || value.empty()) {
    w.base.gpu_resource = "all";
  } else if (value.find('$') != std::string::npos) {
    add_unresolved(w.base, "gpus", {text});
  } else if (listed) {
    w.gpus_per_node = std::count(value.begin(), value.end(), ',') + 1;
    w.base.gpu_ids = value;
    // MIG-UUID, or 0:1 for slice 1 of card 0: the profile stands nowhere.
    if (value.find("MIG-") != std::string::npos || value.find(':') != std::string::npos)
      w.slice = DeviceHint{resource + " " + value, "", line};
  } else if (const auto n = units::parse_count(value); n && *n <= 65536) {
    w.gpus_per_node = *n;
  }
}

Variables given_variables(const Source& source) {
  Variables variables;
  for (const auto& [name, value] : source.siblings) variables.set(name, value);
  for (const auto& [name, value] : source.options.variables) variables.set(name, value);
  return variables;
}

Workload workload_at(const Source& source, std::string kind, std::string name, int line) {
  Workload w;
  w.base.file = source.file;
  w.base.kind = std::move(kind);
  w.base.name = std::move(name);
  w.base.line = line;
  w.variables = given_variables(source);
  return w;
}

void add_workload(Workload workload, const Source& source) {
  Report& report = source.report;
  report.too_many = report.too_many || report.deployments.size() - report.file_begin >= kMostOfFile;
  if (report.too_many) return;
  if (workload.base.file.empty()) workload.base.file = source.file;
  source.report.deployments.push_back(interpret(std::move(workload), source.options));
}

void add_launch(const Launch& launch, Workload w, const Source& source) {
  if (launch.line > 0) w.base.line = launch.line;
  if (w.base.kind.empty()) w.base.kind = "shell command";
  if (w.base.name.empty()) w.base.name = launch.program;
  if (launch.image) w.base.image = launch.image->text;
  w.engine = launch.engine;
  w.program = launch.program.find("api_server") != std::string::npos ? "api_server" : launch.program;
  w.args = launch.args;
  w.variables = launch.variables;
  w.mounts.insert(w.mounts.end(), launch.mounts.begin(), launch.mounts.end());
  w.files.insert(launch.files.begin(), launch.files.end());
  if (launch.gpus) take_gpu_list(*launch.gpus, launch.line, "docker run --gpus", w);
  else if (!w.gpus_per_node && w.base.gpu_resource.empty()) {
    for (const char* name : {"CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
                             "NVIDIA_VISIBLE_DEVICES", "ASCEND_RT_VISIBLE_DEVICES", "ZE_AFFINITY_MASK"}) {
      const Variables::Found visible = launch.variables.find(name);
      if (!visible.set || visible.words.empty() || !visible.words[0].unresolved.empty() ||
          visible.words[0].text.empty() || visible.words[0].text == "void" || visible.words[0].text == "none")
        continue;
      take_gpu_list(visible.words[0].text, visible.words[0].line > 0 ? visible.words[0].line : launch.line,
                    name, w);
      break;
    }
  }
  add_workload(std::move(w), source);
}

void add_launches(const std::vector<Launch>& launches, const Workload& surroundings, const Source& source) {
  std::vector<Deployment>& list = source.report.deployments;
  const std::size_t first = list.size();
  for (const Launch& launch : launches) add_launch(launch, surroundings, source);
  // `ollama serve` beside `ollama pull MODEL`, a start whose arguments are those of another branch: what
  // names no model says less than what does.
  const auto named = [](const Deployment& d) {
    return !d.model.empty() && d.model.find('$') == std::string::npos;
  };
  const auto begin = list.begin() + static_cast<std::ptrdiff_t>(first);
  if (std::any_of(begin, list.end(), named)) {
    list.erase(
        std::remove_if(begin, list.end(), [&](const Deployment& d) { return !named(d) && d.model.empty(); }),
        list.end());
  }
  // The same start in several branches, flag by flag the same, is one.
  for (std::size_t i = first; i < list.size(); ++i) {
    for (std::size_t k = list.size(); k-- > i + 1;) {
      const auto same_flags = [](const std::map<std::string, Flag>& a, const std::map<std::string, Flag>& b) {
        return a.size() == b.size() &&
               std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) {
                 return x.first == y.first && x.second.value == y.second.value;
               });
      };
      if (list[k].engine == list[i].engine && list[k].model == list[i].model &&
          list[k].image == list[i].image && same_flags(list[k].flags, list[i].flags) &&
          list[k].gpus == list[i].gpus && list[k].gpu_resource == list[i].gpu_resource)
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(k));
    }
  }
}

bool add_process(Workload w, std::vector<Word> words, bool has_command, const Source& source) {
  auto image_engine = engine_of_image(w.base.image);
  // Outside Kubernetes `command` is what the image's entry point is given.
  if (!words.empty() && words[0].text.starts_with('-')) has_command = false;
  const ShellCommand command{words, w.variables, w.base.line};
  if (std::vector<Launch> launches = find_launches(command); !launches.empty()) {
    const int line = w.base.line;
    for (Launch& launch : launches) {
      if (launch.line == 0) launch.line = line;
    }
    add_launches(launches, w, source);
    return true;
  }
  if (!image_engine && !has_command && !words.empty()) {
    image_engine = engine_of_options(words);
    if (!image_engine) return false;
    w.base.notes.push_back(
        fmt::format("that {} is started is told by its options", engine_id(*image_engine)));
    w.engine = image_engine;
    w.program = "api_server";
    w.args = std::move(words);
    add_workload(std::move(w), source);
    return true;
  }
  if (!image_engine) return false;
  // Words of another program in an engine's image (a router, a download) are no server.
  const bool arguments =
      std::any_of(words.begin(), words.end(), [](const Word& word) { return word.text.starts_with('-'); });
  if (has_command) {
    bool relevant = w.gpus_per_node.has_value();
    for (const Word& word : words) relevant = relevant && !word.text.starts_with("http");
    if (!relevant) return false;
    w.engine = image_engine;
    w.args = words;
    if (!arguments) {
      w.base.notes.push_back(fmt::format("'{}' starts the engine: its options are not in the file",
                                         words.empty() ? "" : words[0].text));
      add_unresolved(w.base, "arguments",
                     {"the options of " + (words.empty() ? std::string("the command") : words[0].text)});
    }
    w.program = "api_server";
    add_workload(std::move(w), source);
    return true;
  }
  if (*image_engine == EngineKind::ollama) {
    Launch launch;
    launch.engine = EngineKind::ollama;
    launch.program = "ollama";
    launch.variables = w.variables;
    launch.line = w.base.line;
    add_launch(launch, std::move(w), source);
    return true;
  }
  if (!image_is_server(w.base.image) && !arguments) return false;
  Launch launch;
  launch.engine = *image_engine;
  launch.program = w.base.image;
  launch.args = std::move(words);
  launch.variables = w.variables;
  launch.line = w.base.line;
  add_launch(launch, std::move(w), source);
  return true;
}

std::vector<Launch> launches_of_text(std::string_view text, int line, Variables variables) {
  if (!may_launch({Word{std::string(text), line}})) return {};
  if (text.find("```") == std::string_view::npos) return launches_of_script(text, line, variables);
  // Prose with fenced blocks, which share their variables.
  std::vector<Launch> out;
  std::size_t counted = 0;
  for (std::size_t open = text.find("```"); open != std::string_view::npos;) {
    const std::size_t begin = text.find('\n', open);
    const std::size_t close = begin == std::string_view::npos ? begin : text.find("```", begin);
    if (close == std::string_view::npos) break;
    line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                                        text.begin() + static_cast<std::ptrdiff_t>(begin) + 1, '\n'));
    counted = begin + 1;
    for (Launch& launch : launches_of_script(text.substr(begin + 1, close - begin - 1), line, variables))
      out.push_back(std::move(launch));
    open = text.find("```", close + 3);
  }
  return out;
}

std::vector<Launch> launches_of_scalar(const YamlNode& node, Variables variables) {
  return launches_of_text(node.text, node.line, std::move(variables));
}

}  // namespace qwenfit::plan
