#include "machine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qwenfit::report {
namespace {

using machine::Gpu;
using machine::Machine;

Cell bytes(const std::optional<Bytes>& value) {
  return value ? Cell(units::format_bytes(*value), std::int64_t{*value}) : Cell("unknown", {}, Tone::dim);
}

Cell rate(const std::optional<double>& gb_s) {
  return gb_s ? Cell(fmt::format("{:.1f} GB/s", *gb_s), *gb_s) : Cell("unknown", {}, Tone::dim);
}

Cell known_count(int value) {
  return value > 0 ? Cell(fmt::format("{}", value), std::int64_t{value}) : Cell("unknown", {}, Tone::dim);
}

Cell catalog_entry(const machine::Match& match) {
  return match.device ? Cell(std::string(match.device->id)) : Cell("not in the catalog", {}, Tone::dim);
}

/// What tells the part apart, from outside: shown as it is, but nothing that a terminal would obey.
Cell named(const std::string& name) {
  return {printable(name), name.empty() ? Value() : Value(name)};
}

/// A sentence in place of rows.
void say_instead(Table& table, std::string sentence) {
  for (Column& column : table.columns) column.title.clear();
  table.notes.push_back(std::move(sentence));
}

Table cards(const Machine& machine) {
  Table table;
  table.title = "Graphics cards";
  table.columns = {{"name", "Name"},
                   {"device", "Device"},
                   {"memory_bytes", "Memory", Align::right},
                   {"free_bytes", "Free now", Align::right},
                   {"bandwidth_gb_s", "Bandwidth", Align::right, false, 2},
                   {"unified", "Unified", Align::left, false, -1},
                   {"driver", "Driver", Align::left, false, 3},
                   {"source", "Source", Align::left, false, 4},
                   {"bus", "Bus", Align::left, false, -1}};
  for (const Gpu& gpu : machine.gpus) {
    table.rows.push_back({named(gpu.name), catalog_entry(gpu.match), bytes(gpu.memory), bytes(gpu.free),
                          rate(gpu.match.device ? gpu.match.device->bandwidth_gb_s : std::nullopt),
                          Cell(gpu.unified ? "yes" : "no", gpu.unified), named(gpu.driver), Cell(gpu.source),
                          named(gpu.bus)});
  }
  if (machine.gpus.empty()) say_instead(table, "None that a tool of this machine tells of.");
  return table;
}

Table processor(const Machine& machine) {
  const machine::Processor& p = machine.processor;
  Table table;
  table.title = "Processor";
  table.columns = {{"name", "Name"},
                   {"device", "Device"},
                   {"sockets", "Sockets", Align::right, false, 3},
                   {"cores", "Cores", Align::right},
                   {"threads", "Threads", Align::right, false, 2},
                   {"vector_sets", "Vectors", Align::left, true, 1}};
  const std::string sets = fmt::format("{}", fmt::join(p.vector_sets, ", "));
  table.rows.push_back({p.name.empty() ? Cell("unknown", {}, Tone::dim) : named(p.name),
                        catalog_entry(p.match), known_count(p.sockets), known_count(p.cores),
                        known_count(p.threads), sets.empty() ? Cell() : Cell(sets)});
  return table;
}

Table memory(const Machine& machine) {
  const machine::Memory& m = machine.memory;
  Table table;
  table.title = "Memory";
  table.columns = {{"total_bytes", "Total", Align::right},
                   {"available_bytes", "Available now", Align::right},
                   {"bandwidth_gb_s", "Bandwidth", Align::right},
                   {"bandwidth_measured_gb_s", "Measured", Align::right},
                   {"numa_nodes", "NUMA nodes", Align::right, false, 1}};
  const bool modules = m.bandwidth_gb_s.has_value();
  const catalog::Device* known = machine.processor.match.device;
  table.rows.push_back({bytes(m.total), bytes(m.available),
                        rate(modules ? m.bandwidth_gb_s
                             : known ? known->bandwidth_gb_s
                                     : std::nullopt),
                        m.measured_gb_s ? rate(m.measured_gb_s) : Cell("not measured", {}, Tone::dim),
                        known_count(m.numa_nodes)});
  return table;
}

Table modules(const Machine& machine) {
  Table table;
  table.title = "Memory modules";
  table.columns = {{"size_bytes", "Size", Align::right},
                   {"type", "Type"},
                   {"mt_s", "MT/s", Align::right},
                   {"width_bits", "Bits", Align::right},
                   {"channel", "Channel"}};
  for (const machine::Module& m : machine.memory.modules) {
    table.rows.push_back({bytes(m.size), named(m.type), known_count(m.mega_transfers),
                          known_count(m.width_bits),
                          m.channel.empty() ? Cell("unknown", {}, Tone::dim) : named(m.channel)});
  }
  if (table.rows.empty())
    say_instead(
        table,
        "Unknown: dmidecode tells them to the administrator only. `qwenfit detect --measure` measures the "
        "bandwidth.");
  return table;
}

}  // namespace

std::vector<Section> machine_sections(const Machine& machine) {
  std::vector<Section> sections{{"gpus", cards(machine)},
                                {"processor", processor(machine)},
                                {"memory", memory(machine)},
                                {"modules", modules(machine)}};
  for (const std::string& note : machine.notes) sections.back().table.notes.push_back(printable(note) + ".");
  return sections;
}

}  // namespace qwenfit::report
