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
  /// One sequence on A100s 80GB: official where the whole generation is, else estimated.
  std::optional<double> tok_s;
  bool speed_measured = false;
  std::string engine;  ///< id, of the speed
  int devices = 1;     ///< A100s, of the speed
  Kept kept;
};

/// Fine-tuning of a model.
struct GuideTraining {
  std::string method;       ///< "Q-LoRA", "LoRA", "full"
  GuideMemory memory;       ///< on one card, with short sequences
  GuideMemory long_memory;  ///< the same with kLongSequence tokens; nothing where the model takes no such
  GuideMemory each_of_two;  ///< of two cards with ZeRO 3, where the method allows it
  /// What the publisher measured over more cards, and how many it advises; null where nothing is known.
  const catalog::OfficialFigure* cut = nullptr;
  const catalog::OfficialFigure* advised = nullptr;
};

/// Tokens of a long sample in fine-tuning; the tables of Qwen v1 end there.
inline constexpr std::int64_t kLongSequence = 8192;

struct GuideModel {
  const catalog::Model* model = nullptr;
  ModelSummary summary{};
  std::string role;  ///< what it is for, in a few words
  std::optional<double> training_tokens;
  std::vector<GuideFormat> formats;               ///< widest first
  std::vector<GuideTraining> training;            ///< the least first
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

/// The same of fine-tuning: tight where only short sequences have room. Two cards are cut by ZeRO 3, or hold
/// a copy each. Nothing where no figure is known.
std::optional<Place> place_of(const HardwareClass& hardware, const GuideTraining& training);

/// A row of the cost table.
struct GuideCost {
  const catalog::Model* model = nullptr;
  const catalog::WeightFormat* format = nullptr;
  std::string engine;
  int devices = 1;
  double usd_per_hour = 0;
  double tok_s = 0;  ///< one sequence, to a whole token
  bool measured = false;
  double usd_per_million_tokens = 0;
};

/// A model in a format that is advised, and what for.
struct GuideChoice {
  std::string need;  ///< "8 GB", "quality", "code", "a chatbot's first version: one 24 GB card, low cost"
  std::size_t model = 0;   ///< in Guide::models
  std::size_t format = 0;  ///< in GuideModel::formats
  std::string why;         ///< the figures that decide
};

/// A benchmark that models of the generation took.
struct GuideBenchmark {
  catalog::UseCase use{};
  const catalog::Benchmark* benchmark = nullptr;
  std::vector<std::optional<double>> scores;  ///< by model, of the variant its ability is of
};

/// One step of the upgrade path.
struct GuideStep {
  std::size_t from = 0, to = 0;         ///< in Guide::models
  std::optional<Bytes> more;            ///< memory, both in their smallest formats
  std::optional<double> before, after;  ///< expected score on an average chat test, percent
  std::optional<std::size_t> hardware;  ///< first class that holds `to`
};

struct Guide {
  std::vector<GuideModel> models;  ///< smallest first: the upgrade path
  std::vector<HardwareClass> hardware;
  std::vector<GuideCost> costs;
  std::vector<GuideBenchmark> benchmarks;  ///< by use case: those that most of the models took
  std::vector<GuideChoice> by_memory;      ///< the decision tree: the most able model for the memory at hand
  std::vector<GuideChoice> by_priority;    ///< three for each
  std::vector<GuideChoice> by_use;         ///< the best, and the best on one 24 GB card
  std::vector<GuideChoice> by_scenario;
  std::vector<GuideStep> path;  ///< from the smallest upwards, each more able than the one before
  std::string price_source;
};

/// The main line of `generation`. `usd_per_hour` is the price of one A100 80GB; without it the catalog's.
/// @throws Error(unknown_name) for a generation that the catalog lacks.
Guide guide(Estimator& estimator, const std::string& generation, std::optional<double> usd_per_hour);

}  // namespace qwenfit
