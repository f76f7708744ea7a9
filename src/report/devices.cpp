// `qwenfit devices`: a summary by class, then the devices group by group.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/fields.hpp"
#include "json_writer.hpp"
#include "questions.hpp"

namespace qwenfit::report {
namespace {

constexpr std::array<std::string_view, kRunGroups.size()> kHeadings{"Runs great", "Runs well", "Tight",
                                                                    "With offload", "Will not run"};

constexpr std::array<std::string_view, kRunGroups.size()> kShort{"Great", "Well", "Tight", "Offload", "No"};

std::string heading(RunGroup group) {
  return std::string(kHeadings[static_cast<std::size_t>(group)]);
}

Cell gib_cell(Bytes bytes) {
  return bytes > 0 ? Cell(fmt::format("{:.1f}", units::in_large_units(bytes)), bytes) : Cell();
}

Cell rate(const std::optional<speed::Speed>& speed, speed::Figure speed::Speed::*member) {
  if (!speed || ((*speed).*member).value <= 0) return {};
  const double value = ((*speed).*member).value;
  return {units::format_figure(value), value};
}

Table runs_table(const DevicesAnswer& answer, std::size_t from, std::size_t to) {
  const bool many = answer.concurrency > 1;
  const bool offload = from < to && answer.runs[from].run.group == RunGroup::offload;
  Table table;
  table.columns = {{"device", "Device"},
                   {"memory_gb", "GB", Align::right},
                   {"class", "", Align::left, false, -1},
                   {"group", "", Align::left, false, -1},
                   {"verdict", "", Align::left, false, -1},
                   {"engine", "Engine", Align::left, false, 5},
                   {"format", "", Align::left, false, -1},
                   {"needed_bytes", fmt::format("Needs {}", units::large_unit()), Align::right},
                   {"usable_bytes", fmt::format("of {}", units::large_unit()), Align::right, false, 2},
                   {"host_bytes", offload ? fmt::format("Host {}", units::large_unit()) : "", Align::right,
                    false, offload ? 0 : -1},
                   {"decode_tok_s", many ? "tok/s each" : "tok/s", Align::right},
                   {"decode_tok_s_total", many ? "tok/s total" : "", Align::right, false, many ? 0 : -1},
                   {"prefill_tok_s", "", Align::right, false, -1},
                   {"confidence", "", Align::left, false, -1},
                   {"usd", "USD", Align::right, false, 1},
                   {"usd_per_hour", "USD/h", Align::right, false, 4},
                   {"device_id", "", Align::left, false, -1},
                   {"max_num_seqs", "", Align::right, false, -1}};
  for (std::size_t i = from; i < to; ++i) {
    const DeviceRun& r = answer.runs[i];
    const auto& speed = r.run.speed;
    table.rows.push_back(
        {Cell(r.name), figure_cell(r.memory_gb),
         Cell(std::string(catalog::enum_name(r.device->device_class))),
         Cell(std::string(run_group_name(r.run.group))), Cell(std::string(verdict_name(r.run.verdict))),
         Cell(r.run.engine), Cell(std::string(r.run.format->id)), gib_cell(r.run.needs),
         gib_cell(r.run.usable), gib_cell(r.run.host), rate(speed, &speed::Speed::decode_tok_s),
         rate(speed, &speed::Speed::decode_tok_s_total), rate(speed, &speed::Speed::prefill_tok_s),
         speed ? Cell(std::string(speed::confidence_name(speed->confidence))) : Cell(), figure_cell(r.usd),
         figure_cell(r.usd_per_hour), Cell(std::string(r.device->id)), lowered_cell(r.run)});
  }
  return table;
}

/// "On a Mac: yes, all 88 configurations in the catalog run it; the smallest is ...": what people ask first.
std::string mac_sentence(const DevicesAnswer& answer) {
  const auto mac = std::find_if(answer.kinds.begin(), answer.kinds.end(),
                                [](const KindSummary& k) { return k.kind == DeviceKind::mac; });
  if (mac == answer.kinds.end()) return "";
  const int all = mac->all();
  const int run = mac->running();
  if (run == 0)
    return fmt::format("On a Mac: no, none of the {} configurations in the catalog has room for it.", all);
  std::string out = run == all
                        ? fmt::format("On a Mac: yes, all {} configurations in the catalog run it", all)
                        : fmt::format("On a Mac: {} of {} configurations run it", run, all);
  if (mac->running_well() == 0) out += ", none of them well";
  else if (mac->running_well() < run) out += fmt::format(", {} of them well", mac->running_well());
  if (mac->smallest) {
    const DeviceRun& r = answer.runs[*mac->smallest];
    out += fmt::format("; the smallest is {}, where it takes {} of the {} that macOS gives its GPU", r.name,
                       units::format_bytes(r.run.needs), units::format_bytes(r.run.usable));
  }
  return out + ".";
}

Table kinds_table(const DevicesAnswer& answer) {
  Table table;
  table.columns = {{"class", "Class"}};
  for (const RunGroup group : kRunGroups)
    table.columns.push_back({std::string(run_group_name(group)),
                             std::string(kShort[static_cast<std::size_t>(group)]), Align::right});
  table.columns.push_back({"smallest", "Smallest that runs it well", Align::left, true, 1});
  for (const KindSummary& k : answer.kinds) {
    std::vector<Cell> row{Cell(std::string(device_kind_name(k.kind)))};
    for (const int n : k.counts) row.emplace_back(fmt::format("{}", n), std::int64_t{n});
    if (k.smallest) {
      const DeviceRun& r = answer.runs[*k.smallest];
      row.emplace_back(fmt::format("{} ({:.6g} GB)", r.name, *r.memory_gb), r.name);
    } else {
      row.emplace_back("none", Value());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string title_of(const DevicesAnswer& answer) {
  const auto name = answer.variant ? answer.variant->name : answer.model->name;
  std::string out(name);
  if (!answer.runs.empty()) out += fmt::format(" {}", answer.runs.front().run.format->name);
  out += fmt::format(": context {}", units::format_grouped(answer.context));
  if (answer.concurrency > 1)
    out += fmt::format(" x {} sequences", units::format_grouped(answer.concurrency));
  return out;
}

Table notes_table(const DevicesAnswer& answer) {
  Table table;
  table.notes.emplace_back(
      "Great: a fifth of the memory stays free (an engine that fills the device: its KV pool holds twice "
      "what "
      "is asked) and decoding keeps up with a reader; tight: less than a twentieth stays free. tok/s: "
      "decoding, without the prompt. GB as marketed, GiB is 2^30 bytes. USD: "
      "list price.");
  if (answer.assumed_host > 0) {
    table.notes.push_back(fmt::format("Offload: with {} of host memory beside a card (--host changes it).",
                                      units::format_bytes(answer.assumed_host)));
  }
  Lowered lowered;
  for (const DeviceRun& r : answer.runs) lowered.add(r.run, r.name);
  lowered.add_note(table);
  add_left_out(table, answer.left_out);
  return table;
}

std::string by_group(const DevicesAnswer& answer, Form form, const Style& style, std::size_t most) {
  Table kinds = kinds_table(answer);
  if (answer.runs.empty()) {
    Table none;
    none.title = title_of(answer);
    none.notes.emplace_back("No device of the catalog is left:");
    add_left_out(none, answer.left_out);
    return render(none, form, style);
  }
  kinds.title = title_of(answer);
  if (answer.kinds.size() > 1)
    kinds.notes.emplace_back("Laptops and cards of servers count among the gpus too, Macs among unified.");
  if (std::string mac = mac_sentence(answer); !mac.empty()) kinds.notes.push_back(std::move(mac));
  std::string out = render(kinds, form, style);
  for (std::size_t from = 0; from < answer.runs.size();) {
    const RunGroup group = answer.runs[from].run.group;
    std::size_t to = from;
    while (to < answer.runs.size() && answer.runs[to].run.group == group) ++to;
    const std::size_t shown = std::min(most, to - from);
    Table table = runs_table(answer, from, from + shown);
    table.title = fmt::format("{}: {}", heading(group), to - from);
    if (shown < to - from) table.notes.push_back(fmt::format("and {} more (--all)", to - from - shown));
    out += "\n" + render(table, form, style);
    from = to;
  }
  return out + render(notes_table(answer), Form::text, style);
}

std::string json_of(const DevicesAnswer& answer) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("model", answer.model->id);
  json.member("context", answer.context);
  json.member("concurrency", answer.concurrency);
  json.key("counts").begin_object();
  for (const RunGroup group : kRunGroups)
    json.member(run_group_name(group), answer.counts[static_cast<std::size_t>(group)]);
  json.end_object();
  json.key("classes");
  write_rows(json, kinds_table(answer));
  json.key("devices");
  write_rows(json, runs_table(answer, 0, answer.runs.size()));
  json.key("left_out");
  write_left_out(json, answer.left_out);
  json.end_object();
  return out + "\n";
}

}  // namespace

void write_left_out(JsonWriter& json, const std::vector<LeftOut>& left_out) {
  json.begin_array();
  for (const LeftOut& l : left_out) {
    json.begin_object();
    json.member("reason", l.reason);
    json.member("first", l.what);
    json.member("count", l.count);
    json.end_object();
  }
  json.end_array();
}

std::string render(const DevicesAnswer& answer, Form form, const Style& style, std::size_t most) {
  if (form == Form::json) return json_of(answer);
  if (form == Form::csv) return render(runs_table(answer, 0, answer.runs.size()), form, style);
  return by_group(answer, form, style, most);
}

}  // namespace qwenfit::report
