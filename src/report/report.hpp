// Estimates as text, JSON, CSV and Markdown: one file per form. Nothing is computed here.
#pragma once

#include <string>

#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"
#include "qwenfit/finetune.hpp"
#include "table.hpp"

namespace qwenfit::report {

/// The contract of data/schema/estimate.schema.json.
/// @param indent blanks per level; 0 writes one line, as `batch` does.
void write_json(std::string& out, const Estimate& estimate, int indent = 0);

/// The scenario keys of the contract, as the echo in an estimate shows them.
void write_scenario(JsonWriter& json, const Scenario& scenario);

/// A line of `batch` that has no answer. `line` is 1-based; of the scenario only the id counts.
void write_json_error(std::string& out, std::int64_t line, const Scenario& scenario, ErrorCode code,
                      const std::string& message);

/// `qwenfit finetune`: one row per method.
Table finetune_table(const FinetuneAnswer& answer);

/// The estimate as one row, for --csv. Columns keep their names and order; new ones come last.
Table estimate_row(const Estimate& estimate);

/// The estimate as a small Markdown table.
std::string markdown(const Estimate& estimate);

/// `qwenfit estimate` for people.
std::string text(const Estimate& estimate, const Style& style);

/// How the figures come about, a paragraph for each, as part of the text above.
void add_derivation(std::string& out, const std::vector<engine::Step>& steps, const Style& style);

}  // namespace qwenfit::report
