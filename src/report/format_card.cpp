// The cards of a weight format and of an engine.
#include <fmt/format.h>

#include "knowledge.hpp"

namespace qwenfit::report {

Card format_card(const catalog::WeightFormat& f) {
  Card card{"format", std::string(f.id), std::string(f.name), {}};
  CardFiller fill(card, {}, f.unverified);
  fill.text("scheme", "Scheme", catalog::scheme_name(f.scheme));
  fill.text("base", "Type of most matrices", f.base);
  fill.figure("bits", "Bits per weight of it", f.bits, "with scales");
  fill.figure("nominal_bits", "Bits, textbook formula", f.nominal_bits);
  fill.count("group_size", "Weights per scale", f.group_size);
  fill.text("recipe", "Mix starts from", f.recipe);
  fill.text("head", "Embedding and head", f.head);
  fill.cell("needs_imatrix", "Importance matrix",
            Cell(f.needs_imatrix ? "needed" : "not needed", f.needs_imatrix));
  for (const catalog::MixRatio& r : f.ratios) {
    fill.figure(fmt::format("ratio_{}", r.models), fmt::format("Size, {} models", r.models), r.ratio,
                fmt::format("of that mix, {} files", r.rows));
  }
  fill.section("Quality");
  fill.text("quality", "", f.quality);
  fill.figure("retention", "Quality kept, 0 to 1", f.retention);
  fill.text("quality_source", "By", f.quality_source);
  fill.section("Also called");
  fill.list("aliases", "", f.aliases);
  fill.section("Sources");
  fill.list("sources", "", f.sources);
  fill.section("Unverified");
  fill.list("unverified", "", f.unverified);
  return card;
}

Card engine_card(const catalog::Engine& e) {
  Card card{"engine", std::string(e.id), std::string(e.name), {}};
  CardFiller fill(card, {}, {});
  fill.list("backends", "Backends", e.backends);
  fill.list("schemes", "Weight format schemes", e.schemes);
  fill.text("default_format", "Format by default", e.default_format);
  fill.text("default_kv_type", "KV cache by default", e.default_kv_type);
  std::vector<std::string> versions;
  for (const catalog::EngineVersion& v : e.versions)
    versions.push_back(fmt::format("{} ({})", v.version, v.date));
  fill.list("versions", "Versions told apart", std::move(versions));
  fill.list("aliases", "Also called", e.aliases);
  fill.section("First version that runs");
  for (const catalog::Introduction& i : e.introduced) {
    const std::string first(i.version);
    for (const catalog::Text name : i.architectures)
      fill.cell(std::string(name), std::string(name), Cell(fmt::format("{} ({})", first, i.source), first));
  }
  for (const catalog::Feature& f : e.features)
    fill.cell(std::string(f.name), std::string(f.name),
              Cell(fmt::format("{} ({})", f.version, f.source), std::string(f.version)));
  fill.section("Constants");
  for (const catalog::Constant& c : e.constants) {
    std::string basis(c.kind);
    if (c.rows) basis += fmt::format(" on {} measurements", *c.rows);
    if (c.residual) basis += fmt::format(", median error {:.2g}%", *c.residual * 100);
    fill.cell(std::string(c.name), std::string(c.name),
              Cell(fmt::format("{:.6g} {} ({}; {})", c.value, c.unit, basis, c.source), c.value));
  }
  fill.section("Sources");
  fill.list("sources", "", e.sources);
  fill.section("Notes");
  fill.list("notes", "", e.notes);
  return card;
}

}  // namespace qwenfit::report
