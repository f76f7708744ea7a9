// Readers of files: text -> workloads -> deployments of a report. One file each.
#pragma once

#include "embedded.hpp"
#include "file_objects.hpp"
#include "workload.hpp"
#include "yaml_tree.hpp"

namespace qwenfit::plan {

/// A file that is being read.
struct Source {
  std::string file;
  std::string_view text;
  const Options& options;
  Report& report;
  std::map<std::string, std::string> siblings{};  ///< of a `.env` beside it: variables
  FileObjects objects{};                          ///< of a manifest
};

/// A workload of the file, with the variables that are given; `line` 0 where what it starts has its own.
Workload workload_at(const Source& source, std::string kind, std::string name = {}, int line = 0);

/// Adds what a command line starts. `base` holds the file and what surrounds the command.
void add_launch(const Launch& launch, Workload surroundings, const Source& source);

/// Adds all starts of one process: engine servers that share a container are one deployment.
void add_launches(const std::vector<Launch>& launches, const Workload& surroundings, const Source& source);

/// Adds a workload that is complete.
void add_workload(Workload workload, const Source& source);

/// "all", "2", "device=0,1", "0,1": which cards a container or process sees.
void take_gpu_list(const std::string& text, int line, const std::string& resource, Workload& workload);

/// The variables that the options give.
Variables given_variables(const Source& source);

/// A container's words to what it starts. `words` may be arguments alone when the image says the engine.
/// @return whether it starts an engine.
bool add_process(Workload surroundings, std::vector<Word> words, bool has_command, const Source& source);

/// A script, or prose with scripts in fenced blocks.
std::vector<Launch> launches_of_text(std::string_view text, int line, Variables variables);

/// A scalar of YAML as text of a shell script, with the line it begins in.
std::vector<Launch> launches_of_scalar(const YamlNode& node, Variables variables);

// --- One reader each. They add what they find. -----------------------------------------------------

/// @param depth of here-documents inside here-documents
void read_shell_file(const Source& source, int depth = 0);
/// A text that serves a Qwen model in a way that no reader understands must not pass silently: a deployment
/// that is not decided. `why` is the reader's complaint, if there is one. @return whether there is one.
bool add_unreadable(const Source& source, int first_line = 1, const std::string& why = {});
/// @return the reader's complaint about documents that hint at an engine but are no YAML; empty: none.
std::string read_yaml_file(const Source& source);
/// Why nothing can be told from `text`, which has no deployment: it is empty, binary or broken YAML. Empty
/// when it can be read and just serves no model.
std::string why_unreadable(const std::string& file, std::string_view text);
/// Calls of Python that start an engine in their own process. @param first_line of `source.text` in the file.
void read_python(const Source& source, int first_line = 1);
bool may_hold_python_engine(std::string_view text);
/// Here-documents (and, in prose, fenced blocks): each read as the file that it is, by what stands in it.
void read_embedded(const Source& source, int first_line = 1, int depth = 0);
/// An entry of Ray's llm_configs, or the arguments of its LLMConfig.
void read_llm_config(const YamlNode& config, Workload& workload);
void read_dockerfile(const Source& source);
void read_modelfile(const Source& source);
/// `ollama create NAME -f FILE` of a text that writes FILE itself: such launches get what the here-document
/// says, and starts of NAME go. @return the documents that are told so.
std::vector<Embedded> take_modelfiles(std::vector<Launch>& launches, const Source& source);
/// Takes the Modelfiles that stand in `documents` out of the report.
void drop_modelfiles(const std::vector<Embedded>& documents, const Source& source);
void read_systemd_unit(const Source& source);
/// Anything else: lines that start an engine.
void read_other_file(const Source& source);

/// A Kubernetes object (or a list of them). @return whether it was one.
bool read_kubernetes(const YamlNode& root, const Source& source);
/// Whether all that `text` says of Qwen stands in what starts nothing: definitions, routes, workflows without
/// a command that starts an engine.
bool only_names_models(std::string_view text);
bool read_serving_object(const YamlNode& root, const std::string& kind, const Source& source);
bool read_compose(const YamlNode& root, const Source& source);
bool read_llama_swap(const YamlNode& root, const Source& source);
bool read_helm_values(const YamlNode& root, const Source& source);
/// Values of any chart that name a model beside the engine's image.
bool read_model_values(const YamlNode& node, Workload workload, const Source& source);
bool read_recipe(const YamlNode& root, const Source& source);
/// Helm values of llm-d's modelservice chart.
bool read_model_service(const YamlNode& root, const Source& source);
bool read_job(const YamlNode& root, const Source& source);
/// Recipes of srt-slurm: a map of options for each pool.
bool read_slurm_recipe(const YamlNode& root, const Source& source);
/// What `vllm serve --config` and `sglang.launch_server --config` take.
bool read_option_file(const YamlNode& root, const Source& source);
bool read_own_plan(const YamlNode& root, const Source& source);

// --- Pieces that readers of Kubernetes objects share ----------------------------------------------

/// What surrounds containers: filled on the way down an object.
struct Surroundings {
  Workload workload;
  const YamlNode* pod_spec = nullptr;
};

/// The workload of an object: its kind, and what its metadata say.
Workload workload_of(const YamlNode& root, const std::string& kind, const Source& source);

/// Command and arguments of a container.
std::vector<Word> container_words(const YamlNode& container, Variables& variables);

/// A Kubernetes container. @return whether it starts an engine.
bool read_container(const YamlNode& container, const YamlNode& pod_spec, Workload workload,
                    const Source& source);

/// All containers below `node`, with replicas, sizes and roles of what holds them.
bool read_containers_below(const YamlNode& node, Workload workload, const Source& source, int depth = 0);

/// Node selectors, affinities and resource names -> hints and the number of cards.
void read_placement(const YamlNode& pod_spec, Workload& workload);
void read_resources(const YamlNode& resources, Workload& workload);
void read_resource(const std::string& name, const YamlNode& count, int line, Workload& workload);

/// Name, suppressions and requirements of an object's metadata.
void read_metadata(const YamlNode& root, Workload& workload);

/// "{env: [{name, value}]}" or "{NAME: value}".
void read_environment(const YamlNode& env, Dialect dialect, Variables& variables);

/// #SBATCH lines -> cards, their name, nodes.
void read_batch_directives(std::string_view text, Workload& workload);

/// A map of options without dashes (`tensor-parallel-size: 4`, `maxModelLen`) as words of a command line.
std::vector<Word> words_of_options(const YamlNode& map);

/// "repository:tag" of a chart's values, or the image as it is written.
std::string image_of_values(const YamlNode& node);

/// The YAML of trtllm-serve's --extra_llm_api_options as words of its command line.
std::vector<Word> words_of_llm_api(const YamlNode& map);

/// NAME=value lines of an .env file; quotes around a value are not part of it.
std::map<std::string, std::string> parse_environment(std::string_view text);

/// The text of a file that a plan names, relative to the plan, for `--follow`; nothing when it can't be read.
std::optional<std::string> followed_file(const std::string& plan, const std::string& path);

/// A text in which $(NAME) may stand.
Word expanded_word(const YamlNode& node, Dialect dialect, Variables& variables);

}  // namespace qwenfit::plan
