// Estimate -> the command that starts exactly that: the inverse of reading deployment files (plan.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "qwenfit/estimate.hpp"

namespace qwenfit::plan {

/// How a server is started, and what a container of it needs.
struct StartCommand {
  std::string engine;                             ///< catalog id
  std::string name;                               ///< for services and pods: "qwen3-8b-q4-k-m", a DNS label
  std::string model;                              ///< as the engine is told: a repository, a file
  bool model_is_file = false;                     ///< a path on the machine, which a container has to mount
  bool model_is_there = false;                    ///< that path was named; else it is to be made or fetched
  std::vector<std::string> program;               ///< "vllm", "serve"
  std::vector<std::vector<std::string>> options;  ///< an option and its values each, in order
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> modelfile;  ///< of Ollama, line by line
  std::string served_name;             ///< of Ollama: what the Modelfile makes
  std::string image;                   ///< of a container; empty: there is none
  std::vector<std::string> listen;     ///< options that open the server to what is outside a container
  int port = 8000;
  std::string health = "/health";  ///< path that answers when the model is loaded
  std::int64_t cards = 0;          ///< in all; 0 on a CPU or Mac
  std::string device;              ///< "2x NVIDIA H100 SXM5 80 GB"; empty: none is known
  std::string gpu_resource;        ///< of Kubernetes: "nvidia.com/gpu"
  std::string gpu_product;         ///< label nvidia.com/gpu.product of such nodes, where the catalog knows it
  /// What has no flag and is not the engine's default: scenario keys with their values.
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> notes;
};

/// The command for `answer`, which is the estimate of `asked`. It is read back as `qwenfit check` would read
/// it: what it does not say is in `settings`.
/// @throws Error(unsupported) for engines that are no server and for questions no server answers.
StartCommand command_for(Estimator& estimator, const Scenario& asked, const Estimate& answer);

/// The label that NVIDIA's device plugin gives nodes with this card; empty: not known.
std::string product_label(const catalog::Device& device);

}  // namespace qwenfit::plan
