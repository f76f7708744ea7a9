// Which model, in which format, for a purpose on a device? docs/recommend.md explains the method.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/ability.hpp"
#include "qwenfit/estimate.hpp"
#include "qwenfit/quants.hpp"

namespace qwenfit {

enum class Priority : std::uint8_t { quality, speed, cost, balance };

/// What a model is wanted for.
struct Wish {
  catalog::UseCase use = catalog::UseCase::chat;
  bool edge = false;  ///< small machines: memory counts too
  Priority priority = Priority::balance;
  std::optional<std::int64_t> min_context;  ///< tokens that have to fit
  std::optional<double> min_tok_s;          ///< for each user
  std::optional<double> budget_per_hour;    ///< USD
  std::string generation;                   ///< "qwen1", "qwen2.5", "qwen3" ...; empty: all
};

/// One answer: a model in the format that serves the wish best.
struct Advice {
  const catalog::Model* model = nullptr;
  const catalog::WeightFormat* format = nullptr;
  const catalog::Device* device = nullptr;
  int device_count = 1;
  Ability ability;
  double quality = 0;  ///< expected score on an average test, percent, after the loss of the format
  Kept kept;           ///< by the format
  Bytes weights = 0;
  Bytes memory = 0;    ///< engines that fill a pool: with all of it
  Bytes short_of = 0;  ///< memory that the device lacks, 0 when it fits
  std::int64_t max_context = 0;
  std::optional<std::int64_t> max_num_seqs;  ///< vLLM starts with no more than this
  std::optional<double> tok_s;               ///< each user; what only reads: prompts
  std::optional<double> tok_s_total;         ///< all users together
  std::optional<double> usd_per_million_tokens;
  std::optional<double> usd_per_hour;
  double merit = 0;  ///< what the answers are ranked by
  std::vector<std::string> reasons;
};

struct Recommendation {
  bool reading = false;               ///< of embedding models: tokens are those of prompts, none is decoded
  std::vector<Advice> ranked;         ///< best first
  std::optional<Advice> next_better;  ///< the best that does not fit, when it is better than the first
  std::vector<Advice> path;  ///< from the first upwards: each better, and larger, than the one before
  std::map<std::string, int> left_out;  ///< why, and how many models
  std::vector<std::string> nearest;     ///< sentences about what came nearest, where nothing is ranked
};

/// Ranks the models for `wish` on the devices of `scenario` (its model does not matter; format and engine,
/// when given, are kept). Without a device and with a budget, the cloud devices within the budget compete.
/// @throws Error(usage) without either, Error(unknown_name) for a generation that the catalog lacks.
Recommendation recommend(Estimator& estimator, const Scenario& scenario, const Wish& wish);

/// Whether `family` belongs to what people call `generation`: "qwen1" is "Qwen", "Qwen-VL" ..., "qwen3" is
/// also "Qwen3-VL" but not "Qwen3.5".
bool of_generation(std::string_view family, std::string_view generation);

}  // namespace qwenfit
