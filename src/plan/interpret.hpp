// Takes options of an engine over into a scenario, key by key. What the tables of options say of a key is
// taken over by them; what needs more is one function an engine, in flags_*.cpp.
#pragma once

#include "options.hpp"
#include "qwenfit/plan.hpp"
#include "workload.hpp"

namespace qwenfit::plan {

class Interpreter {
 public:
  Interpreter(Workload workload, const Options& options)
      : w_(std::move(workload)), d_(w_.base), options_(options) {}

  Deployment run();

 private:
  // --- Engines ---------------------------------------------------------------------------------------
  void vllm();
  void sglang();
  void llama();
  void ollama();
  void trtllm();
  void tgi();
  void finish(EngineKind engine);

  // --- Pieces ------------------------------------------------------------------------------------------
  const Setting* find(const std::string& name) const { return p_->find(name); }

  /// "${TP}" in a value that no shell reads: for a template to fill in, so its value is not in the file.
  void name_open_variable(Word& value);
  void read_number(EngineKind engine, const std::string& name, Setting& setting);
  void take_option_file(EngineKind engine, ParsedOptions& parsed);
  void finding(std::string id, Severity severity, int line, std::string message);
  /// What the environment sets: LLAMA_ARG_*, TGI's own, flags in one string.
  void take_environment(EngineKind engine, ParsedOptions& parsed);
  /// The options that the table gives a scenario key.
  void take_keys(EngineKind engine);
  /// Sets scenario key `key` from flag `name`. @return whether the flag was given and readable.
  bool take(const std::string& name, std::string_view key);
  bool set(const std::string& name, std::string_view key, const std::string& text, int line);
  std::optional<std::int64_t> number(const std::string& name) const;
  bool on(const std::string& name) const;
  bool model_from(const std::string& name);
  void use_model(Word word, int line);
  /// Names the model; by the folder that is mounted where its path says nothing. @return as name_model.
  bool name_with_mounts();
  void served_from(const std::string& name);
  void quantization(const std::string& name);
  void dtype();
  /// --limit-mm-per-prompt with nothing but zeros leaves the vision tower out.
  void no_multimodal();
  void speculative(std::string method, std::optional<std::int64_t> tokens);
  void speculative_config();
  void require(const std::string& key, const std::string& value);

  Workload w_;
  Deployment d_;
  const Options& options_;
  const ParsedOptions* p_ = nullptr;
  std::string quantization_;
  std::string dtype_;
  bool model_known_ = false;
};

}  // namespace qwenfit::plan
