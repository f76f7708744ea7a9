// The guide to a generation: its models against each other, against classes of hardware, and their cost.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "qwenfit/recommend.hpp"

namespace qwenfit {

/// A memory figure and whether the publisher measured it. Where both are known, both are told.
struct GuideMemory {
  std::optional<Bytes> measured;   ///< official, while 2,048 tokens are generated
  std::optional<Bytes> estimated;  ///< by the rules of the engine, at 2,048 tokens
  std::optional<Bytes> figure() const { return measured ? measured : estimated; }
};

/// A model of the generation in one format.
struct GuideFormat {
  const catalog::WeightFormat* format = nullptr;
  GuideMemory memory;
  std::optional<double> tok_s;  ///< official, on an A100 80GB
  int devices = 1;              ///< A100s that it was measured on
};

struct GuideModel {
  const catalog::Model* model = nullptr;
  ModelSummary summary{};
  std::optional<double> training_tokens;
  std::vector<GuideFormat> formats;               ///< widest first
  GuideMemory qlora;                              ///< fine-tuning with Q-LoRA
  std::vector<std::optional<Ability>> abilities;  ///< by use case; chat before base models
};

/// A class of hardware: `count` cards of `memory` each.
struct HardwareClass {
  std::string name;
  Bytes memory;
  int count;
};

enum class Place : std::uint8_t { fits, tight, no };

/// Whether `memory` has a place on `hardware`: a twentieth left free is comfortable.
Place place_of(const HardwareClass& hardware, Bytes memory);

/// A row of the cost table.
struct GuideCost {
  const catalog::Model* model = nullptr;
  const catalog::WeightFormat* format = nullptr;
  std::string engine;
  int devices = 1;
  double usd_per_hour = 0;
  double tok_s = 0;  ///< measured, to a whole token
  double usd_per_million_tokens = 0;
};

struct Guide {
  std::vector<GuideModel> models;  ///< smallest first: the upgrade path
  std::vector<HardwareClass> hardware;
  std::vector<GuideCost> costs;
  std::string price_source;
};

/// The main line of `generation`. `usd_per_hour` is the price of one A100 80GB; without it the catalog's.
/// @throws Error(unknown_name) for a generation that the catalog lacks.
Guide guide(Estimator& estimator, const std::string& generation, std::optional<double> usd_per_hour);

}  // namespace qwenfit
