// Small pieces that vLLM's and SGLang's rooms share.
#pragma once

#include <string>
#include <vector>

#include "qwenfit/engine.hpp"
#include "sharding.hpp"

namespace qwenfit::engine {

/// The value of a named constant of the setup's engine.
double constant_of(const Setup& setup, std::string_view name);

/// What a process holds of a card before it loads anything: context and kernel images, which grow with the
/// multiprocessors, and the communication buffers of several ranks. Bytes; constants context_base_mib,
/// context_sm_mib, communication_mib and integrated_host_mib of the engine.
Bytes context_bytes(const Setup& setup, std::size_t device);

/// Collects the steps of a derivation, or nothing when none are asked for.
class Derivation {
 public:
  /// @param engine with its version: heads the source of every step
  Derivation(std::vector<Step>* steps, std::string engine) : steps_(steps), engine_(std::move(engine)) {}
  bool wanted() const { return steps_ != nullptr; }
  /// @param where in the engine's source the rule stands, or what a constant was fitted on
  void bytes(std::string quantity, std::string formula, std::string values, Bytes result,
             std::string_view where) const;
  void text(std::string quantity, std::string formula, std::string values, std::string result,
            std::string_view where) const;

 private:
  std::vector<Step>* steps_;
  std::string engine_;
};

/// "fitted on 8 start-up logs, residual 57%", or the source of a constant that is not fitted.
std::string origin_of(const Setup& setup, std::string_view constant);

/// Version, context and ranks: what both engines fill in alike. A context that was not asked for is the
/// model's configured one; the sequences then hold the work's tokens only.
/// @throws Error(unsupported | invalid_value) for KV types and state modes that neither engine has.
void fill_serving_defaults(Setup& setup);

/// A context that was not asked for becomes the model's configured one; the sequences then hold the work's
/// tokens.
void fill_native_context(Setup& setup);

/// Layers and head of the plan: the first card of each stage.
void place_layers(const Setup& setup, MemoryPlan& plan);

/// What is uncertain about this setup whatever its size: untried backends, drafters whose weights are
/// unknown.
void add_serving_notes(const Setup& setup, MemoryPlan& plan);

}  // namespace qwenfit::engine
