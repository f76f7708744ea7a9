// Deployment plans: files that start inference engines -> deployments -> findings.
//
// A reader takes the command lines, resources and placement out of a file (Kubernetes objects, compose files,
// shell scripts, qwenfit's own plans ...); a deployment holds what they say as a scenario; checks estimate it
// and report what would not work. Text is read, never executed, and no file is opened but those named.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/estimate.hpp"
#include "qwenfit/scenario.hpp"

namespace qwenfit::plan {

enum class Severity : std::uint8_t { note, warning, error };

/// "note", "warning", "error".
std::string_view severity_name(Severity severity);

/// A check that qwenfit makes of deployments.
struct Rule {
  std::string_view id;    ///< "does-not-fit"
  Severity severity;      ///< by default
  std::string_view text;  ///< what it is about, in one sentence
};

/// All checks, sorted by id.
const std::vector<Rule>& rules();

/// A change after which a deployment is free of what a check found: estimated before it is told.
struct Remedy {
  std::string text;                  ///< in the engine's own flags: "--max-model-len 24576 fits"
  Scenario scenario;                 ///< what was estimated
  std::optional<std::int64_t> gpus;  ///< where more of them have to be requested
};

/// What a check found.
struct Finding {
  std::string id;
  Severity severity = Severity::error;
  std::string message;
  std::vector<Remedy> remedies;  ///< what would do; empty: nothing that was tried does
  int line = 0;                  ///< 1-based
  bool undecided = false;        ///< the check could not be made
  std::string suppressed;        ///< why it does not count: the reason given in the file, or "baseline"
};

/// The remedies of a finding in one line; empty when there are none.
std::string remedy_text(const Finding& finding);

/// A flag or structured setting that matters to memory, speed or the meaning of the model.
struct Flag {
  std::string value;  ///< after expansion
  int line = 0;
};

enum class Judgement : std::uint8_t {
  pass,
  fail,         ///< a finding of severity error
  unknown,      ///< a device, variable or model could not be told
  not_checked,  ///< serves a model that is no Qwen, or an engine does it that qwenfit does not estimate
};

/// "pass", "fail", "unknown", "not-checked".
std::string_view judgement_name(Judgement judgement);

/// One engine process (or replicas of it) that a file starts.
struct Deployment {
  std::string file;
  int line = 0;
  std::string kind;       ///< "Deployment", "compose service", "shell command" ...
  std::string name;       ///< "namespace/name", service, or the command's program
  std::string container;  ///< where the object has several
  std::string role;       ///< "prefill", "decode", "worker" ...; empty: none
  std::string engine;     ///< catalog id where there is one; empty: could not be told
  std::string image;      ///< container image, as written
  std::string model;      ///< as written, variables put in; empty: could not be told
  int model_line = 0;
  std::string model_id;  ///< catalog id; empty: no Qwen model of the catalog
  std::vector<std::string> served_names;
  std::optional<std::int64_t> gpus;  ///< requested for one replica, all its nodes together
  std::string gpu_resource;          ///< "nvidia.com/gpu", "compose devices" ...
  std::string gpu_ids;               ///< the cards by number, where the file says which: "0,1"
  int gpu_line = 0;
  std::string device;         ///< as written in the file or on the command line; empty: unknown
  std::string device_source;  ///< "nodeSelector nvidia.com/gpu.product", "--device" ...
  std::int64_t replicas = 1;
  std::int64_t nodes = 1;                     ///< of one replica
  std::optional<std::int64_t> gpus_per_node;  ///< as requested for a pod, container or process
  std::map<std::string, Flag> flags;
  std::vector<std::string> unresolved;  ///< "max_model_len: $MAX_LEN", "arguments: $EXTRA_ARGS"
  std::string longer_context;           ///< the variable that lets it start beyond the model's own context
  std::vector<std::string> notes;
  Scenario scenario;
  bool estimable = true;  ///< false: nothing to check, as `notes` and the findings say
  std::vector<Finding> findings;
  Judgement judgement = Judgement::unknown;
  std::optional<Estimate> estimate;
  std::map<std::string, std::string> suppressions;  ///< rule id or "all" -> reason given in the file
};

/// A file that was looked at, without a deployment in it.
struct SkippedFile {
  std::string file;
  std::string reason;
  bool unreadable = false;  ///< what stands in it could not be told at all: binary, broken YAML, empty
};

/// What to check, and with which knowledge from outside the files.
struct Options {
  const catalog::Catalog* catalog = nullptr;  ///< null: the built-in one
  std::string device;                         ///< for deployments that name none: "rtx-4090", "h100:8"
  std::string model;                          ///< instead of models that are local paths or variables
  std::string engine_version;
  std::map<std::string, std::string> variables;    ///< values for variables that the files leave open
  std::map<std::string, std::string> environment;  ///< of an .env file; `variables` win
  std::vector<std::pair<std::string, std::string>>
      require;                     ///< requirements of every deployment (scenario keys)
  std::set<std::string> baseline;  ///< fingerprints of findings that do not count
  bool estimate = true;            ///< false: read only
  bool follow = false;             ///< open the option files that commands name with `--config`
};

/// Looks at what options say for all files alike, before the first is read.
/// @throws Error for a device or model that the catalog does not know and for requirements that can't be
/// read.
void validate(const Options& options);

struct Report {
  std::vector<Deployment> deployments;
  std::vector<SkippedFile> skipped;
  std::int64_t files = 0;      ///< read
  std::size_t file_begin = 0;  ///< while a file is read: its first deployment
  bool too_many = false;       ///< it starts more engines than any plan does
};

/// Reads deployments from `text`, which is the content of `file`. Never throws for what the text holds: what
/// can't be read becomes a deployment with a finding, or a skipped file.
void read_text(const std::string& file, std::string_view text, const Options& options, Report& report);

/// Reads one command line, word by word.
void read_command(const std::vector<std::string>& words, const Options& options, Report& report);

/// Estimates every deployment of the report and adds what the checks find.
void check(Report& report, const Options& options, Estimator& estimator);

/// Reads what `path` names: a file, or a folder with all that is below it. In a folder, files that can't be
/// read are skipped with the reason; a file (or standard input) that is named and can't be read as anything
/// is a deployment of kind "file" with an undecided error.
/// @throws Error(io) when the path can't be read at all.
void read_path(const std::string& path, const Options& options, Report& report);

/// The variables of an .env file. @throws Error(io).
std::map<std::string, std::string> read_environment_file(const std::string& path);

/// How a run ends.
enum class FailOn : std::uint8_t { warning, error, unknown };

/// 0: all that was checked passes; 1: a finding fails (by `fail_on`); 2: a file that was named can't be read;
/// 3: something could not be decided.
int exit_status(const Report& report, FailOn fail_on);

/// Stays the same when lines move: for baselines and SARIF.
std::string fingerprint(const Deployment& deployment, const Finding& finding);

}  // namespace qwenfit::plan
