// Scenario -> Estimate: the whole of qwenfit in one call.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/engine.hpp"
#include "qwenfit/machine.hpp"
#include "qwenfit/scenario.hpp"
#include "qwenfit/speed.hpp"

namespace qwenfit {

enum class Verdict : std::uint8_t { comfortable, fits, tight, offload, does_not_fit, unknown };

/// "comfortable", "fits", "tight", "offload", "does-not-fit", "unknown".
std::string_view verdict_name(Verdict verdict);

struct ModelSummary {
  std::int64_t parameters;
  std::int64_t active_parameters;
  int kv_layers;
  int layers;
  std::int64_t context_native;
  std::int64_t context_longest;  ///< with context extension (YaRN), where the model has one
};

struct TypeBytes {
  std::string_view type;
  Bytes bytes;
};

struct WeightSummary {
  Bytes bytes;  ///< tensors of the file or checkpoint
  std::optional<Bytes> file_bytes;
  double bits_per_weight;
  std::vector<TypeBytes> by_type;
  bool exact;
};

struct KvSummary {
  Bytes bytes_per_token;     ///< all layers, one sequence
  Bytes bytes_per_sequence;  ///< at `context`
  Bytes recurrent_bytes_per_sequence;
  int layers;
};

struct Fit {
  bool fits = false;
  Verdict verdict = Verdict::unknown;
  std::optional<std::int64_t> max_context;      ///< tokens per sequence at the asked concurrency
  std::optional<std::int64_t> max_concurrency;  ///< sequences at the asked context
  std::string reason;
};

struct Cost {
  std::optional<double> usd_per_hour;              ///< rent or write-off of the devices together
  std::optional<double> electricity_usd_per_hour;  ///< while they work, at the power of their data sheets
  std::optional<double> watts;
  std::optional<double> usd_per_million_output_tokens;
  std::optional<double> usd_per_million_input_tokens;
  std::string price_source;
  std::string price_date;  ///< ISO date; empty for a price as given
};

/// What a million tokens cost at `tok_s` (> 0) tokens a second of all sequences together: the price of an
/// hour is paid for idle time too, of which `utilization` (0..1] is used; electricity for working time alone.
double usd_per_million_tokens(double usd_per_hour, double electricity_usd_per_hour, double tok_s,
                              double utilization);

/// Whether one requirement holds; nothing in `met` means it can't be decided.
struct Requirement {
  std::string name;
  std::string required;
  std::string actual;  ///< "unknown" when it can't be told
  std::optional<bool> met;
};

struct Estimate {
  Scenario scenario;    ///< as asked, with every default filled in
  engine::Setup setup;  ///< the same, looked up
  ModelSummary model{};
  WeightSummary weights{};
  KvSummary kv{};
  engine::MemoryPlan memory;
  Fit fit;
  std::optional<speed::Speed> speed;
  std::optional<Cost> cost;
  std::vector<TrainMemory> train;
  std::vector<Requirement> requirements;
  std::vector<engine::Step> derivation;
  std::vector<std::string> notes;
  std::vector<std::string> hints;  ///< what else would do, from Estimator::hints, where that was asked
};

/// Whether a scenario's model may be the path of a file or folder on this machine. Names in other people's
/// files (deployment plans) are names only.
enum class ModelFiles : bool { ignore, read };

/// What an estimator knows beside the catalog.
struct Surroundings {
  /// This machine, for devices named "auto": asked once, when the first such name occurs. Empty: such names
  /// are errors.
  std::function<machine::LocalDevices()> machine = {};
  /// The user's own measurements, which correct speeds; null: none.
  std::shared_ptr<const speed::Calibration> calibration = nullptr;
};

/// Turns scenarios into estimates. Keeps what repeats between scenarios (inventories, weights) in
/// bounded caches, so one object should serve many scenarios. Not thread-safe; copies are cheap to make.
class Estimator {
 public:
  explicit Estimator(const catalog::Catalog& catalog, ModelFiles files = ModelFiles::ignore,
                     Surroundings surroundings = {});
  ~Estimator();
  Estimator(const Estimator&) = delete;
  Estimator& operator=(const Estimator&) = delete;

  /// @param limits whether to search `fit.max_context` and `fit.max_concurrency`: most of the work, and not
  /// wanted
  ///        where many scenarios are only compared
  /// @throws Error with the sentence for the user; never a partial answer.
  Estimate estimate(const Scenario& scenario, bool limits = true);

  /// One to three useful alternatives to `answer`, which is the estimate of `asked`: a better or smaller
  /// format, a smaller KV cache, a context that fits. Takes some more estimates, so it is not part of
  /// `estimate`.
  std::vector<std::string> hints(const Scenario& asked, const Estimate& answer);

  /// The first half: names looked up, defaults filled in.
  engine::Setup resolve(const Scenario& scenario);

  /// Parameters and layers of a model, counted once.
  /// @throws Error(undecidable) when its geometry is not published.
  const ModelSummary& summary(const catalog::Model& model, const catalog::Variant* variant = nullptr);

  const catalog::Catalog& catalog() const;

  /// Gives back what is kept of weights: for questions that come to each model once, where memory that is
  /// never used again costs more than it saves.
  void forget_weights();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// True when every requirement is met, false when one is not, nothing when one can't be decided.
std::optional<bool> requirements_met(const Estimate& estimate);

}  // namespace qwenfit
