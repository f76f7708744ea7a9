#include "advice.hpp"
#include "json_writer.hpp"

namespace qwenfit::report {

std::string render(const std::vector<Section>& sections, Form form, const Style& style) {
  std::string out;
  if (form == Form::json) {
    JsonWriter json(out, 1);
    json.begin_object();
    for (const Section& section : sections) {
      json.key(section.key);
      write_rows(json, section.table);
    }
    json.end_object();
    return out + "\n";
  }
  for (const Section& section : sections) {
    if (section.table.rows.empty() && section.table.notes.empty()) continue;
    if (!out.empty()) out += "\n";
    out += render(section.table, form, style);
  }
  return out;
}

}  // namespace qwenfit::report
