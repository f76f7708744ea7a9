// Defaults of a fine-tuning question, and the parameters that it trains.
#include <fmt/format.h>

#include "optimizer.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/train.hpp"
#include "targets.hpp"

namespace qwenfit::train {
namespace {

using model::Part;
using model::Role;

/// PEFT's default; Qwen v1's finetune.py has 64.
constexpr int kRank = 8;
constexpr int kQwenRank = 64;
constexpr int kHighestRank = 65536;
constexpr int kLargestBatch = 1 << 20;

void check(std::string_view key, std::int64_t value, std::int64_t most) {
  if (value >= 1 && value <= most) return;
  throw Error(ErrorCode::invalid_value, fmt::format("train.{}: '{}' is not a whole number from 1 to {}", key,
                                                    value, units::format_grouped(most)));
}

/// What is asked for twice, or of a method that has no use for it.
void check_contradictions(const Train& asked) {
  if (asked.method == "full" && (asked.rank || !asked.targets.empty()))
    throw Error(ErrorCode::invalid_value,
                fmt::format("train.{}: full fine-tuning has no adapters: leave it out, or take lora",
                            asked.rank ? "rank" : "targets"));
  if (asked.fsdp.value_or(false) && asked.zero_stage.value_or(0) > 0)
    throw Error(
        ErrorCode::invalid_value,
        fmt::format("train.fsdp: FSDP and ZeRO {} both cut the same: one of them", *asked.zero_stage));
}

}  // namespace

Train with_defaults(const Train& asked, const catalog::Model& model) {
  check_contradictions(asked);
  Train t = asked;
  if (!t.rank && t.method != "full") t.rank = model.arch == catalog::Arch::qwen ? kQwenRank : kRank;
  if (t.targets.empty() && t.method != "full") t.targets = "all-linear";
  if (!t.sequence) t.sequence = 2048;
  if (!t.batch) t.batch = 1;
  if (t.optimizer.empty()) t.optimizer = "adamw";
  if (!t.gradient_checkpointing) t.gradient_checkpointing = true;
  if (t.rank) check("rank", *t.rank, kHighestRank);
  check("batch", *t.batch, kLargestBatch);
  check("sequence", *t.sequence, kMostTokens / *t.batch);
  find_optimizer(t.optimizer);
  parse_targets(t.targets);
  return t;
}

Trained trained_parameters(const engine::Setup& setup) {
  const Train& train = *setup.train;
  const bool base = setup.variant == nullptr && setup.model->kind == "base";
  Trained out;
  const bool full = train.method == "full";
  Targets targets = parse_targets(train.targets);
  // finetune.py of Qwen v1: the embeddings of a base model have not seen the tokens of a chat.
  if (train.method == "lora" && base && setup.model->arch == catalog::Arch::qwen) targets.embeddings = true;
  for (const format::TypedTensor& t : setup.weights->tensors) {
    if (t.tensor.part != Part::text || t.stored_copy) continue;
    const bool embedding = t.tensor.role == Role::token_embedding || t.tensor.role == Role::output;
    if (full || (embedding && targets.embeddings)) out.full += t.tensor.elements();
    else if (targets.adapts(t.tensor.role))
      out.adapters += *train.rank * (t.tensor.rows + t.tensor.cols) * t.tensor.count;
  }
  if (out.full + out.adapters == 0)
    throw Error(ErrorCode::invalid_value,
                fmt::format("train.targets: {} has no module of '{}'", setup.model->name, train.targets));
  return out;
}

}  // namespace qwenfit::train
