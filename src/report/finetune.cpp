// The methods of fine-tuning as a table.
#include <fmt/format.h>

#include "questions.hpp"
#include "report.hpp"
#include "words.hpp"

namespace qwenfit::report {

Table finetune_table(const FinetuneAnswer& answer) {
  const std::vector<FinetuneOption>& options = answer.options;
  Table table;
  if (options.empty()) return table;
  const Estimate& first = options.front().estimate;
  const bool device = !first.setup.devices.empty();
  table.title = fmt::format("Fine-tuning {} on {} tokens x {} a device", first.setup.model->name,
                            units::format_grouped(first.setup.context), first.setup.concurrency);
  if (first.setup.train->fsdp.value_or(false)) table.title += ", FSDP";
  table.columns = {{"method", "Method"},
                   {"zero_stage", "ZeRO", Align::right},
                   {"format", "Format", Align::left, false, 3},
                   {"trained_parameters", "Trained", Align::right, false, 2},
                   {"weights_bytes", "Weights", Align::right, false, 1},
                   {"states_bytes", "States", Align::right, false, 1},
                   {"activations_bytes", "Activations", Align::right, false, 2},
                   {"total_bytes", device ? "A card" : "Total", Align::right}};
  if (device) {
    table.columns.push_back({"verdict", "Fit"});
    table.columns.push_back({"max_sequence", "Longest", Align::right});
  }
  const bool required = !first.requirements.empty();
  if (required) table.columns.push_back({"required", "Required", Align::left, true});
  for (const FinetuneOption& o : options) {
    const TrainMemory& t = o.estimate.train.front();
    const Bytes weights = t.weights + t.adapters;
    const Bytes states = t.gradients + t.optimizer;
    const auto bytes = [](Bytes b) { return Cell(units::format_bytes(b), b); };
    std::vector<Cell> row{Cell(o.method),
                          o.zero ? Cell(std::to_string(*o.zero), std::int64_t{*o.zero}) : Cell(),
                          Cell(std::string(o.estimate.setup.weights->format->name),
                               std::string(o.estimate.setup.weights->format->id)),
                          Cell(units::format_parameters(o.trained), o.trained),
                          bytes(weights),
                          bytes(states),
                          bytes(t.activations),
                          bytes(t.total())};
    if (device) {
      const std::string verdict(verdict_name(o.estimate.fit.verdict));
      row.emplace_back(verdict, verdict, tone_of(o.estimate.fit.verdict));
      const auto longest = o.estimate.fit.max_context;
      row.push_back(longest ? Cell(units::format_grouped(*longest), *longest) : Cell());
    }
    if (required) row.push_back(required_cell(unmet_requirement(o.estimate)));
    table.rows.push_back(std::move(row));
  }
  table.notes.push_back("States: gradients, optimizer states and 32-bit master weights. GiB is 2^30 bytes.");
  if (device) table.notes.push_back("Longest: the longest sequence, in tokens, that fits with this batch.");
  const catalog::Constant error =
      catalog::constant(*first.setup.catalog->engine("transformers"), "train_runtime_bytes");
  if (error.residual)
    table.notes.push_back(
        fmt::format("Half of the published figures are within {:.0f}% of this method (`qwenfit validate "
                    "finetune`): what fits with "
                    "less to spare may not.",
                    100 * *error.residual));
  add_left_out(table, answer.left_out);
  return table;
}

}  // namespace qwenfit::report
