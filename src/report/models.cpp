// `qwenfit models`: what runs on a machine, as a table.
#include <fmt/format.h>

#include <algorithm>

#include "questions.hpp"

namespace qwenfit::report {
namespace {

Tone tone_of(RunGroup group) {
  switch (group) {
    case RunGroup::great:
    case RunGroup::well: return Tone::good;
    case RunGroup::tight:
    case RunGroup::offload: return Tone::warn;
    case RunGroup::no: break;
  }
  return Tone::bad;
}

Cell tokens(const std::optional<std::int64_t>& value) {
  return value ? Cell(units::format_grouped(*value), *value) : Cell();
}

}  // namespace

Table models_table(const ModelsAnswer& answer, std::size_t most) {
  if (answer.runs.empty()) {
    Table none;
    none.notes.emplace_back("No model of the catalog is left:");
    add_left_out(none, answer.left_out);
    return none;
  }
  const bool many = answer.concurrency > 1;
  Table table;
  table.columns = {{"model", "Model"},
                   {"parameters", "Parameters", Align::right},
                   {"active_parameters", "Active", Align::right, false, 4},
                   {"format", "Format"},
                   {"engine", "", Align::left, false, -1},
                   {"group", "How"},
                   {"verdict", "", Align::left, false, -1},
                   {"score", "Score", Align::right},
                   {"variant", "", Align::left, false, -1},
                   {"benchmarks", "", Align::right, false, -1},
                   {"thin_evidence", "", Align::left, false, -1},
                   {"format_keeps", "", Align::right, false, -1},
                   {"needed_bytes", std::string(units::large_unit()), Align::right},
                   {"host_bytes", fmt::format("Host {}", units::large_unit()), Align::right, false, 3},
                   {"max_context", "Context", Align::right, false, 1},
                   {"decode_tok_s", many ? "tok/s each" : "tok/s", Align::right},
                   {"decode_tok_s_total", many ? "tok/s total" : "", Align::right, false, many ? 0 : -1},
                   {"release_date", "Released", Align::left, false, 2},
                   {"confidence", "", Align::left, false, -1},
                   {"max_num_seqs", "", Align::right, false, -1}};
  for (const ModelRun& m : answer.runs) {
    if (table.rows.size() == most) break;
    const Run& r = m.run;
    const auto rate = [&](speed::Figure speed::Speed::*member) {
      if (!r.speed || ((*r.speed).*member).value <= 0) return Cell();
      const double value = ((*r.speed).*member).value;
      return Cell(units::format_figure(value), value);
    };
    const std::string group(run_group_name(r.group));
    const auto quality = m.quality();
    table.rows.push_back(
        {Cell(std::string(m.model->id)),
         Cell(units::format_parameters(m.counts.parameters), m.counts.parameters),
         Cell(units::format_parameters(m.counts.active_parameters), m.counts.active_parameters),
         Cell(std::string(r.format->name), std::string(r.format->id)),
         Cell(r.engine),
         Cell(group, group, tone_of(r.group)),
         Cell(std::string(verdict_name(r.verdict))),
         quality ? Cell(fmt::format("{:.0f}{}", *quality, m.ability->thin ? "?" : ""), *quality) : Cell(),
         m.ability ? Cell(std::string(m.ability->variant)) : Cell(),
         m.ability ? Cell("", std::int64_t{m.ability->tests}) : Cell(),
         m.ability ? Cell("", m.ability->thin) : Cell(),
         Cell("", m.kept.share),
         Cell(fmt::format("{:.1f}", units::in_large_units(r.needs)), r.needs),
         r.host > 0 ? Cell(fmt::format("{:.1f}", units::in_large_units(r.host)), r.host) : Cell(),
         tokens(r.max_context),
         rate(&speed::Speed::decode_tok_s),
         rate(&speed::Speed::decode_tok_s_total),
         Cell(std::string(m.model->release_date)),
         r.speed ? Cell(std::string(speed::confidence_name(r.speed->confidence))) : Cell(),
         lowered_cell(r)});
  }
  Lowered lowered;
  for (const ModelRun& m : answer.runs) lowered.add(m.run, m.model->name);
  if (const std::size_t all = answer.runs.size() + answer.behind; all > table.rows.size())
    table.notes.push_back(fmt::format("and {} more (--all)", all - table.rows.size()));
  if (answer.runs.front().ability) {
    const ModelRun& first = answer.runs.front();
    table.notes.push_back(
        fmt::format("{} first: {:.0f}% expected on an average {} test, from {} benchmark{} ({}); {} keeps "
                    "about {:.1f}% of "
                    "it.",
                    first.model->name, first.ability->expected_score(), catalog::use_case_name(answer.use),
                    first.ability->tests, first.ability->tests == 1 ? "" : "s", first.ability->variant,
                    first.run.format->name, first.kept.share * 100));
  }
  table.notes.push_back(fmt::format(
      "Best first: what fits with room before what is tight or partly in host memory, formats that hold up "
      "before others; then by the score less its standard error, equal ones the faster first; last what has "
      "no scores. Score: percent expected on an average {} test, ? is thin evidence. GiB: on the fullest "
      "device, at the asked context; tok/s: decoding, without the prompt.",
      catalog::use_case_name(answer.use)));
  lowered.add_note(table);
  add_left_out(table, answer.left_out);
  return table;
}

}  // namespace qwenfit::report
