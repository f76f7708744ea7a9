// Writes a scenario as options of an engine: the way back of interpret.hpp.
#pragma once

#include <string>
#include <vector>

#include "options.hpp"
#include "qwenfit/command.hpp"

namespace qwenfit::plan {

/// What the model is called where the engine loads it from.
struct ServedModel {
  std::string name;
  bool is_file = false;
  bool is_there = false;     ///< the path that was named, not one to be made
  std::string quantization;  ///< to be given beside the name: weights quantized as they are loaded
  std::string note;          ///< where it comes from, when the catalog knows no repository
};

ServedModel served_model(const Scenario& asked, const Estimate& answer);

class Writer {
 public:
  /// @param asked what was asked for, with what the plan came to (context, parallel sizes, layers) filled in
  Writer(EngineKind engine, const Scenario& asked, const Estimate& answer)
      : engine_(engine), s_(asked), e_(answer) {}

  StartCommand run();

 private:
  // --- Engines, beside their readers in flags_*.cpp ---------------------------------------------------
  void vllm();
  void sglang();
  void llama();
  void ollama();
  void trtllm();
  void mlx();

  // --- Pieces ------------------------------------------------------------------------------------------
  void add(std::vector<std::string> words) { c_.options.push_back(std::move(words)); }
  /// The options that the table gives a scenario key, as far as the scenario has them.
  void write_keys();
  /// What kind of model it is: "instruct", "embedding" ...
  std::string_view kind() const { return catalog::kind_of_model(*e_.setup.model, e_.setup.variant); }
  /// The KV type in the engine's own words; empty: its default.
  /// @throws Error(unsupported) when it has none
  std::string kv_word(const catalog::DType& type) const;
  /// --dtype and --quantization of the serving engines.
  void write_format();
  /// The extension of a context beyond the model's own: what checks.cpp asks for.
  void write_yarn();
  /// The release asked for, else the known one whose rules the estimate has; empty: none is known.
  std::string version() const;
  /// Whether the version asked for came before that feature of data/engines.
  bool lacks(std::string_view feature) const;

  EngineKind engine_;
  const Scenario& s_;
  const Estimate& e_;
  ServedModel served_;
  StartCommand c_;
};

}  // namespace qwenfit::plan
