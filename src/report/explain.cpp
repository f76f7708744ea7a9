// The derivation of an estimate, step by step.
#include "report.hpp"

namespace qwenfit::report {
namespace {

constexpr std::string_view kEquals = "  = ";

}  // namespace

void add_derivation(std::string& out, const std::vector<engine::Step>& steps, const Style& style) {
  const auto add = [&](std::string_view lead, std::string_view text, Tone tone) {
    const std::string blank(static_cast<std::size_t>(columns(lead)), ' ');
    for (const std::string& line : wrap(printable(text), style.width - columns(lead))) {
      out += std::string(lead) + paint(line, tone, style) + "\n";
      lead = blank;
    }
  };
  for (const engine::Step& s : steps) {
    add("", s.quantity, Tone::strong);
    if (!s.formula.empty()) add(kEquals, s.formula, Tone::plain);
    if (!s.values.empty()) add(kEquals, s.values, Tone::plain);
    add(kEquals, s.result, Tone::strong);
    if (!s.source.empty()) add("    ", s.source, Tone::dim);
    out += "\n";
  }
}

}  // namespace qwenfit::report
