// Files and folders -> readers.
#include <fmt/format.h>

#include "qwenfit/error.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {

void add_launch(const Launch& launch, const Deployment& base, const Source& source) {
  Workload w;
  w.base = base;
  w.base.line = launch.line;
  if (w.base.kind.empty()) w.base.kind = "shell command";
  if (w.base.name.empty()) w.base.name = launch.program;
  if (launch.image) w.base.image = launch.image->text;
  w.engine = launch.engine;
  w.program = launch.program.find("api_server") != std::string::npos ? "api_server" : launch.program;
  w.args = launch.args;
  w.variables = launch.variables;
  if (launch.gpus) take_gpu_list(*launch.gpus, launch.line, "docker run --gpus", w);
  source.report.deployments.push_back(interpret(std::move(w), source.options));
}

void take_gpu_list(const std::string& text, int line, const std::string& resource, Workload& w) {
  std::string value = text;
  std::erase_if(value, [](char c) { return c == '"' || c == '\'' || c == ' '; });
  if (value.starts_with("device=")) value = value.substr(7);
  w.base.gpu_line = line;
  w.base.gpu_resource = resource;
  if (value == "all" || value == "-1" || value.empty()) {
    w.base.gpu_resource = "all";
    return;
  }
  if (value.starts_with("count=")) value = value.substr(6);
  const bool listed = value.find(',') != std::string::npos || text.find("device=") != std::string::npos;
  if (value.find('$') != std::string::npos) {
    add_unresolved(w.base, "gpus", {text});
    return;
  }
  if (listed || resource == "CUDA_VISIBLE_DEVICES" || resource == "device_ids") {
    w.gpus_per_node = std::count(value.begin(), value.end(), ',') + 1;
  } else if (const auto n = units::parse_count(value); n && *n <= 4096) {
    w.gpus_per_node = *n;
  }
}

void read_command(const std::vector<std::string>& words, const Options& options, Report& report) {
  Variables variables;
  for (const auto& [name, value] : options.variables) variables.set(name, value);
  ShellCommand command;
  command.line = 1;
  // NAME=value ahead of the program, as a shell takes it.
  std::size_t first = 0;
  for (; first < words.size(); ++first) {
    const auto equals = words[first].find('=');
    if (equals == std::string::npos || equals == 0 || words[first].starts_with('-')) break;
    variables.set(words[first].substr(0, equals), words[first].substr(equals + 1), 1);
  }
  for (std::size_t i = first; i < words.size(); ++i) command.words.push_back({words[i], 1, {}});
  command.variables = variables;
  const Source source{"command line", {}, options, report};
  const std::vector<Launch> launches = find_launches(command);
  if (launches.empty()) {
    throw Error(ErrorCode::usage,
                "the command starts no engine that qwenfit knows: vllm serve, python -m "
                "sglang.launch_server, llama-server, "
                "trtllm-serve, text-generation-launcher, ollama run ...");
  }
  for (const Launch& launch : launches) {
    Deployment base;
    base.file = "command line";
    base.kind = "command";
    add_launch(launch, base, source);
  }
}

void read_text(const std::string& file, std::string_view text, const Options& options, Report& report) {
  ++report.files;
  const Source source{file, text, options, report};
  const std::size_t before = report.deployments.size();
  read_shell_file(source);
  if (report.deployments.size() == before) report.skipped.push_back({file, "serves no model"});
}

}  // namespace qwenfit::plan
