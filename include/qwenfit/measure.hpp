// Measurements: what public sources measured, and how far the estimates are from it.
//
// A file of data/measurements is JSON lines. The first line describes the file:
//   {"kind": "memory"|"speed"|"finetune", "about": "...", "sources": {"s1": "https://..."},
//    "left_out": {"reason": rows that the rule for this file left out, ...}}
// every other line is one measured setting:
//   {"id": "...", "scenario": {keys of the contract}, "measured": {"/memory/devices/0/compute": 1024, ...},
//    "source": "s1", "rounding": {"/...": half the last printed digit}, "cell": "...", "notes": "...",
//    "skip": "why it is not scored"}
// A measured quantity is a JSON pointer into the estimate's contract, or a name with @ for what is composed
// of several figures (see `composed` below).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "qwenfit/estimate.hpp"

namespace qwenfit::measure {

struct Quantity {
  std::string name;     ///< JSON pointer or @name
  double value;         ///< in the contract's unit
  double rounding = 0;  ///< half the last digit the source printed; 0: exact
};

struct Row {
  std::string id;
  Scenario scenario;
  std::vector<Quantity> measured;
  std::string source;  ///< expanded from the file's table
  std::string cell;    ///< rows of one cell share one vote; default: source, devices and model
  std::string notes;
  std::string skip;  ///< empty: scored
};

struct File {
  std::string path;
  std::string kind;
  std::string about;
  std::vector<Row> rows;
};

/// Reads every *.jsonl of this kind in `folder`, in name order.
/// @throws Error(io | bad_input) naming file and line.
std::vector<File> read_measurements(const std::string& folder, const std::string& kind);

/// data/measurements of this installation: $QWENFIT_MEASUREMENTS, else share/qwenfit/measurements beside the
/// program's bin/, else data/measurements of the source tree around the program or the working directory.
/// @throws Error(io) when there is none.
std::string default_folder();

/// What kind of speed measurement a row is, its setup with every default filled in, and what plain formulas
/// make of it.
struct SpeedTraits {
  /// Group of docs/accuracy.md: "single local", "batched serving", "offload", "transformers", "prefill",
  /// "ttft", "speculative" ...
  std::string target;
  std::string engine;  ///< family: llama.cpp for Ollama and LM Studio too
  std::string vendor;
  std::string kind;                ///< "dense", "moe", "hybrid", "hybrid-moe"
  std::string device;              ///< id; several kinds with "+" between
  std::int64_t devices = 0;        ///< cards
  std::string model;               ///< id
  std::string format;              ///< id
  std::string backend;             ///< "cuda", "metal" ...
  std::int64_t concurrency = 1;    ///< sequences
  std::int64_t depth = 0;          ///< tokens in the cache, on average over the output
  std::optional<double> sheet;     ///< decode tok/s by bandwidth / bytes of the weights, one stream only
  std::optional<double> textbook;  ///< by the quick method

  std::string concurrency_bin() const;  ///< "1", "2-4", "5-16", "17-64" ...: powers of four
  std::string depth_bin() const;        ///< "0-1024", "1025-4096" ... "65537+"
};

/// One measured quantity against its estimate.
struct Comparison {
  const Row* row;
  const Quantity* quantity;
  std::string engine;  ///< of the filled-in scenario
  double estimated = 0;
  std::optional<double> low;  ///< interval, where the contract has one
  std::optional<double> high;
  std::optional<SpeedTraits> speed = std::nullopt;  ///< of speed measurements

  /// estimated / measured - 1; a measured 0 counts as +1 unless the estimate is 0 too.
  double error() const;
  /// Equal up to the rounding of the source.
  bool equal() const;
  /// Whether the measured value lies in low..high.
  std::optional<bool> covered() const;
};

/// A row that the estimator refused, or that has no such figure.
struct Refusal {
  const Row* row;
  std::string message;
};

struct Outcome {
  std::vector<Comparison> comparisons;
  std::vector<Refusal> refusals;
  std::map<std::string, int> skipped;  ///< reason -> rows
};

/// Estimates every scored row. `files` must outlive the outcome.
Outcome compare(Estimator& estimator, const std::vector<File>& files);

/// Errors of a group in short. Shares are of weight: with cells, every cell weighs the same.
struct Score {
  int n = 0;
  int cells = 0;
  double bias = 0;    ///< median of the signed relative error
  double median = 0;  ///< median of its absolute value
  double p90 = 0;
  double equal = 0;  ///< share equal up to the source's rounding
  double within_5 = 0;
  double within_10 = 0;
  double within_20 = 0;
  std::optional<double> coverage;  ///< share inside low..high
};

/// @param by_cell every cell weighs the same; else every comparison.
Score score(std::span<const Comparison* const> group, bool by_cell);

}  // namespace qwenfit::measure
