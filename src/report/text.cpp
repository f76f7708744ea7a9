// An estimate for people: the verdict in words, what fills the devices, speed, limits, cost, hints.
#include <fmt/format.h>

#include "bar.hpp"
#include "report.hpp"
#include "words.hpp"

namespace qwenfit::report {
namespace {

constexpr std::size_t kMostBars = 16;  // more unlike devices than that are only counted

/// Lines of `text` behind `mark`, which stands in the first of them.
void add(std::string& out, std::string_view text, Tone tone, const Style& style, std::string_view mark = "") {
  const std::string blank(static_cast<std::size_t>(columns(mark)), ' ');
  for (const std::string& line : wrap(printable(text), style.width - columns(mark))) {
    out += std::string(mark) + paint(line, tone, style) + "\n";
    mark = blank;
  }
}

void add_memory(std::string& out, const Estimate& e, const Style& style) {
  const std::vector<Bar> bars = bars_of(e);
  for (std::size_t i = 0; i < std::min(bars.size(), kMostBars); ++i) {
    const Bar& bar = bars[i];
    const std::string count = bar.count > 1 ? fmt::format("{}x ", bar.count) : "";
    if (bar.total == 0) {
      add(out, fmt::format("{}{}: not used", count, bar.name), Tone::dim, style);
      out += "\n";
      continue;
    }
    if (bars.size() > 1 || bar.count > 1)
      add(out, fmt::format("{}{}{}", count, bar.name, bar.count > 1 ? ", each" : ""), Tone::strong, style);
    out += draw(bar, style.width, style) + "\n";
    if (bars.size() == 1) out += "\n";
    out += legend(bar, style) + "\n";
  }
  if (bars.size() > kMostBars)
    add(out, fmt::format("and {} more that hold something else", bars.size() - kMostBars), Tone::dim, style);
}

void add_facts(std::string& out, const Estimate& e, const Style& style) {
  Table table;
  table.columns = {
      {"", ""}, {"", "", Align::right}, {"", "", Align::left, false, 0, 1}, {"", "", Align::left, true}};
  for (const Fact& f : facts_of(e))
    table.rows.push_back(
        {Cell(f.label), Cell(f.figure, {}, Tone::strong), Cell(f.unit), Cell(f.remark, {}, Tone::dim)});
  if (!table.rows.empty()) out += render(table, Form::text, style) + "\n";
  if (const std::string basis = footing(e); !basis.empty()) {
    add(out, basis, Tone::dim, style);
    out += "\n";
  }
}

void add_requirements(std::string& out, const Estimate& e, const Style& style) {
  if (e.requirements.empty()) return;
  Table table;
  table.columns = {{"", ""}, {"", "", Align::left, false, 0, 1}, {"", "", Align::left, true}};
  for (const Requirement& r : e.requirements) {
    const Tone tone = !r.met ? Tone::warn : *r.met ? Tone::good : Tone::bad;
    table.rows.push_back({Cell(!r.met   ? "?"
                               : *r.met ? "✓"
                                        : "✗",
                               {}, tone),
                          Cell(!r.met   ? "can't tell"
                               : *r.met ? "met"
                                        : "not met",
                               {}, tone),
                          Cell(sentence_of(r))});
  }
  add(out, "Required", Tone::strong, style);
  out += render(table, Form::text, style) + "\n";
}

}  // namespace

std::string text(const Estimate& e, const Style& style) {
  std::string out;
  add(out, headline(e), Tone::strong, style);
  add(out, assumptions(e), Tone::dim, style);
  out += "\n";
  add(out, verdict_sentence(e), tone_of(e.fit.verdict), style);
  out += "\n";
  add_memory(out, e, style);
  add_facts(out, e, style);
  add_requirements(out, e, style);
  for (const std::string& hint : e.hints) add(out, hint, Tone::plain, style, "→ ");
  if (!e.hints.empty()) out += "\n";
  for (const std::string& note : e.notes) add(out, note, Tone::dim, style, "- ");
  if (!e.notes.empty()) out += "\n";
  add_derivation(out, e.derivation, style);
  out.pop_back();  // the blank line behind the last section
  return for_locale(std::move(out), style);
}

}  // namespace qwenfit::report
