// The parts of an estimate that follow from setup, memory plan and speed. Internal to the estimate room.
#pragma once

#include "formulas.hpp"

namespace qwenfit {

/// Tokens of all sequences together: what is more is refused or not looked at, and nothing can overflow.
inline constexpr std::int64_t kMostTokens = std::int64_t{1} << 40;

/// The scenario with every default of `setup` written into it.
Scenario filled_in(const Scenario& scenario, const engine::Setup& setup);

ModelSummary summarize_model(const catalog::Model& model, const catalog::Variant* variant);

/// The longest context the model takes, extension included. Tokens.
std::int64_t longest_context(const catalog::Model& model, const catalog::Variant* variant);
WeightSummary summarize_weights(const format::Weights& weights);
KvSummary summarize_kv(const engine::Setup& setup);

/// Whether it fits, how well, and (where they are wanted) the limits of context and concurrency. `plan` is
/// what `formulas` make of `setup`.
Fit judge_fit(const engine::Setup& setup, const engine::MemoryPlan& plan, const Formulas& formulas,
              bool limits = true);

/// The same for an engine that fills the card: it fits when it starts and its pool holds the asked sequences.
void judge_pool(const engine::Setup& setup, const engine::MemoryPlan& plan, const Formulas& formulas,
                bool limits, Fit& fit);

/// Share of usable memory that the asked work leaves free on the fullest device; of a pool, what its
/// sequences do not need counts as free.
double free_share(const engine::Setup& setup, const engine::MemoryPlan& plan);

/// Warnings about a context beyond what the model was made for.
void add_context_notes(Estimate& estimate);

/// The steps of the derivation ahead of engine and speed (weights, KV cache, recurrent state) and behind
/// them (fit, cost).
void derive_inputs(const Estimate& estimate, std::vector<engine::Step>& steps);
void derive_outcome(const Estimate& estimate, std::vector<engine::Step>& steps);

std::optional<Cost> cost_of(const Scenario& scenario, const Estimate& estimate);
std::vector<Requirement> check_requirements(const Require& require, const Estimate& estimate);

}  // namespace qwenfit
