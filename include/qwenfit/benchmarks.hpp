// Published benchmark scores of the catalog's models: what data/benchmarks says, compiled into the program.
//
// A Benchmark is one test in one version and set-up: scores are comparable within one, never across two.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace qwenfit::catalog {

/// What a benchmark tells about. "edge" is no ability: it is chat on small machines.
enum class UseCase : std::uint8_t { chat, code, math, agents, long_context, multilingual, vision, embedding };

inline constexpr int kUseCases = 8;

/// "chat", "long-context" ...
std::string_view use_case_name(UseCase use);

/// @throws Error(invalid_value) with the known use cases.
UseCase parse_use_case(std::string_view name);

struct Benchmark {
  std::string_view id;
  std::string_view name;
  std::string_view version;  ///< version, window, shots; often empty
  std::string_view metric;   ///< where it is not plain accuracy
  double scale;              ///< the best possible score; 0: open (Elo, ratings)
  bool lower_is_better;
  std::uint16_t uses;  ///< bit set of UseCase

  bool bears_on(UseCase use) const { return (uses >> static_cast<int>(use) & 1) != 0; }
};

struct Score {
  std::uint16_t benchmark;  ///< index in benchmarks()
  float value;
};

/// The scores that one source gives of one variant of a model.
struct ScoreReport {
  std::string_view model;    ///< id in the catalog
  std::string_view variant;  ///< "base", "chat", "instruct", "thinking", "non-thinking", "unspecified"
  std::string_view source;
  bool third_party;  ///< measured or aggregated by others than the model's authors
  std::span<const Score> scores;
};

/// A figure that the publisher's own tables give, measured by them.
struct OfficialFigure {
  std::string_view model;   ///< id in the catalog
  std::string_view format;  ///< weight format id; empty for what concerns the model
  std::string_view engine;  ///< engine id, likewise
  /// "memory_gb", "decode_tok_s", "training_tokens", "output_tokens"; with 30,720 tokens in and 2,048 out
  /// "memory_gb_30720", "tok_s_with_prefill_30720" (tokens generated) and "tok_s_prompt_counted_30720" (those
  /// of the prompt too). Of training "qlora_memory_gb", "lora_memory_gb", "full_memory_gb" with short
  /// sequences, "..._8192" with long ones, "..._cut" over several cards in all, and "..._cards_of_80gb", the
  /// fewest that the publisher advises
  std::string_view what;
  std::int32_t devices;      ///< cards that it was measured on
  double value;              ///< GB is 10^9 bytes
  std::string_view setting;  ///< in words
  std::string_view source;
};

/// In the order of names.
std::span<const Benchmark> benchmarks();
/// In the order of models.
std::span<const ScoreReport> score_reports();
std::span<const OfficialFigure> official_figures();

/// The official figure, or nothing.
const OfficialFigure* official_figure(std::string_view model, std::string_view what,
                                      std::string_view format = {}, std::string_view engine = {});

}  // namespace qwenfit::catalog
