// Answers to questions over many combinations, as tables and cards. Nothing is computed here.
#pragma once

#include "card.hpp"
#include "qwenfit/devices.hpp"
#include "qwenfit/limits.hpp"
#include "qwenfit/models.hpp"
#include "qwenfit/quants.hpp"
#include "words.hpp"

namespace qwenfit::report {

/// `qwenfit quants`: one row per weight format.
/// @param textbook the table is that of the textbook formula, as its pages print it
Table quants_table(const QuantsAnswer& answer, bool textbook);

/// Whether an estimate meets what is required of it, by `unmet_requirement`: "met", or what is not.
inline Cell required_cell(const std::string& unmet) {
  return unmet.empty() ? Cell("met", true, Tone::good) : Cell("not met: " + unmet, false, Tone::bad);
}

/// The lowered --max-num-seqs of a run, if it was.
inline Cell lowered_cell(const Run& run) {
  return run.max_num_seqs ? Cell(std::to_string(*run.max_num_seqs), *run.max_num_seqs) : Cell();
}

/// Of runs that need a lower --max-num-seqs than vLLM's default: how many, and which one first.
class Lowered {
 public:
  void add(const Run& run, std::string_view what);
  void add_note(Table& table) const;

 private:
  int count_ = 0;
  std::int64_t max_num_seqs_ = 0;
  std::string first_;
};

/// "12 left out: vLLM has no backend for Apple M3 (the first is Apple M3 Max)", one for each reason.
void add_left_out(Table& table, const std::vector<LeftOut>& left_out);
/// The same as a JSON array.
void write_left_out(JsonWriter& json, const std::vector<LeftOut>& left_out);

/// `qwenfit devices`. @param most rows of each group in text and Markdown; JSON and CSV have all
std::string render(const DevicesAnswer& answer, Form form, const Style& style, std::size_t most);

/// `qwenfit models`. @param most rows
Table models_table(const ModelsAnswer& answer, std::size_t most);

/// `qwenfit max`.
Card limit_card(const LimitAnswer& answer);

}  // namespace qwenfit::report
