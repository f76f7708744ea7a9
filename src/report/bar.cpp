#include "bar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "table.hpp"

namespace qwenfit::report {
namespace {

constexpr std::string_view kFree = "·";
constexpr std::string_view kReserved = "╌";
constexpr std::string_view kEdge = "│";

void add(Bar& bar, Part part) {
  bar.total += part.bytes;
  if (part.bytes > 0) bar.parts.push_back(std::move(part));
}

std::string kv_remark(const Estimate& e) {
  if (e.memory.pool)
    return fmt::format("a pool of {} tokens", units::format_grouped(e.memory.pool->kv_tokens));
  return fmt::format("{}{}{} tokens, {} each", e.memory.devices.size() > 1 ? "its share of " : "",
                     e.setup.concurrency > 1 ? fmt::format("{} x ", e.setup.concurrency) : "",
                     units::format_grouped(e.setup.context), units::format_bytes(e.kv.bytes_per_token));
}

Bar device_bar(const Estimate& e, std::size_t i) {
  const engine::DeviceMemory& d = e.memory.devices[i];
  Bar bar;
  if (i < e.setup.devices.size()) bar.name = std::string(e.setup.devices[i].device->name);
  bar.usable = d.usable;
  bar.capacity = std::max(d.capacity, d.usable);
  add(bar, {"█", "weights", Tone::blue, d.weights,
            fmt::format("{:.2f} bits per weight", e.weights.bits_per_weight)});
  add(bar, {"▓", "KV cache", Tone::cyan, d.kv_cache, kv_remark(e)});
  add(bar, {"▒", "state", Tone::magenta, d.recurrent_state, "recurrent layers"});
  add(bar, {"░", "compute", Tone::yellow, d.compute, ""});
  add(bar, {"▞", "graphs", Tone::green, d.graphs, "captured CUDA graphs"});
  add(bar, {"▪", "runtime", Tone::dim, d.runtime, ""});
  return bar;
}

Bar train_bar(const Estimate& e, const TrainMemory& t, std::size_t i) {
  Bar bar;
  if (i < e.setup.devices.size()) bar.name = std::string(e.setup.devices[i].device->name);
  bar.usable = t.usable;
  bar.capacity = std::max(t.capacity, t.usable);
  add(bar, {"█", "weights", Tone::blue, t.weights, ""});
  add(bar, {"▓", "adapters", Tone::cyan, t.adapters, ""});
  add(bar, {"▒", "gradients", Tone::magenta, t.gradients, ""});
  add(bar, {"▞", "optimizer", Tone::green, t.optimizer, ""});
  add(bar, {"░", "activations", Tone::yellow, t.activations, ""});
  add(bar, {"▪", "runtime", Tone::dim, t.runtime, ""});
  return bar;
}

Bar host_bar(const Estimate& e) {
  const engine::HostMemory& h = e.memory.host;
  Bar bar;
  bar.name = "host memory";
  if (e.setup.host.memory) bar.usable = bar.capacity = *e.setup.host.memory;
  add(bar, {"█", "weights", Tone::blue, h.weights, ""});
  add(bar, {"▓", "KV cache", Tone::cyan, h.kv_cache, ""});
  add(bar, {"▒", "state", Tone::magenta, h.recurrent_state, ""});
  add(bar, {"░", "compute", Tone::yellow, h.compute, ""});
  add(bar, {"▪", "output", Tone::dim, h.output, ""});
  return bar;
}

bool same(const Bar& a, const Bar& b) {
  return a.name == b.name && a.total == b.total && a.usable == b.usable &&
         std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(),
                    [](const Part& x, const Part& y) { return x.label == y.label && x.bytes == y.bytes; });
}

/// Columns for each amount, `width` in all; whatever weighs something gets one.
std::vector<int> shares(const std::vector<Bytes>& amounts, Bytes extent, int width) {
  std::vector<int> cells;
  int used = 0;
  for (const Bytes b : amounts) {
    const double exact = static_cast<double>(b) / static_cast<double>(extent) * width;
    cells.push_back(b > 0 ? std::max(1, static_cast<int>(std::lround(exact))) : 0);
    used += cells.back();
  }
  *std::max_element(cells.begin(), cells.end()) += width - used;
  return cells;
}

void append(std::string& line, std::string_view mark, int times, Tone tone, const Style& style) {
  std::string run;
  for (int i = 0; i < times; ++i) run += mark;
  line += paint(run, tone, style);
}

}  // namespace

std::string size(Bytes bytes, Bytes largest) {
  const bool decimal = units::large_unit() == "GB";
  if (std::llabs(largest) < (decimal ? static_cast<Bytes>(units::kGB) : units::kGiB))
    return decimal ? fmt::format("{:.0f} MB", units::to_gb(bytes) * 1e3)
                   : fmt::format("{:.0f} MiB", units::to_mib(bytes));
  return fmt::format("{:.2f} {}", units::in_large_units(bytes), units::large_unit());
}

std::vector<Bar> bars_of(const Estimate& e) {
  std::vector<Bar> bars;
  const auto push = [&](Bar bar) {
    if (!bars.empty() && same(bars.back(), bar)) ++bars.back().count;
    else bars.push_back(std::move(bar));
  };
  if (!e.train.empty()) {
    for (std::size_t i = 0; i < e.train.size(); ++i) push(train_bar(e, e.train[i], i));
    return bars;
  }
  for (std::size_t i = 0; i < e.memory.devices.size(); ++i) push(device_bar(e, i));
  if (e.memory.host.total() > 0) bars.push_back(host_bar(e));
  return bars;
}

std::string draw(const Bar& bar, int width, const Style& style) {
  if (bar.extent() <= 0 || width < 1) return "";
  std::vector<Bytes> amounts;
  for (const Part& p : bar.parts) amounts.push_back(p.bytes);
  amounts.push_back(bar.usable > 0 ? std::max<Bytes>(0, bar.usable - bar.total) : 0);
  amounts.push_back(bar.capacity - std::clamp(bar.total, bar.usable, bar.capacity));
  const std::vector<int> cells = shares(amounts, bar.extent(), width);

  // The line that marks the end of the usable memory takes the place of a cell.
  const bool over = bar.usable > 0 && bar.total > bar.usable;
  const int edge =
      over ? static_cast<int>(static_cast<double>(bar.usable) / static_cast<double>(bar.extent()) * width)
           : width;
  std::string line;
  int at = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool part = i < bar.parts.size();
    const std::string_view mark = part ? bar.parts[i].mark : i == bar.parts.size() ? kFree : kReserved;
    const Tone tone = part ? bar.parts[i].tone : Tone::dim;
    const int before = std::clamp(edge - at, 0, cells[i]);
    append(line, mark, before, tone, style);
    if (before < cells[i]) {
      const bool first = at + before == edge;
      if (first) line += paint(kEdge, Tone::bad, style);
      append(line, mark, cells[i] - before - (first ? 1 : 0), Tone::bad, style);
    }
    at += cells[i];
  }
  return line;
}

std::string legend(const Bar& bar, const Style& style) {
  Table table;
  table.columns = {{"", ""},
                   {"", "", Align::left, false, 0, 1},
                   {"", "", Align::right},
                   {"", "", Align::right, false, 1},
                   {"", "", Align::left, true, 2}};
  const auto row = [&](std::string_view mark, std::string_view label, Tone tone, Bytes bytes,
                       const std::string& remark) {
    const double share = 100 * static_cast<double>(bytes) / static_cast<double>(bar.extent());
    table.rows.push_back({Cell(std::string(mark), {}, tone), Cell(std::string(label)),
                          Cell(size(bytes, bar.extent())),
                          Cell(share > 0 && share < 0.5 ? "<1%" : fmt::format("{:.0f}%", share)),
                          Cell(remark, {}, Tone::dim)});
  };
  for (const Part& p : bar.parts) row(p.mark, p.label, p.tone, p.bytes, p.remark);
  if (bar.usable > 0) {
    if (bar.total > bar.usable)
      row(kEdge, "too much", Tone::bad, bar.total - bar.usable, "beyond the usable memory");
    else row(kFree, "free", Tone::dim, bar.usable - bar.total, "");
    if (bar.capacity > bar.usable)
      row(kReserved, "reserved", Tone::dim, bar.capacity - bar.usable, "out of the engine's reach");
  }
  return render(table, Form::text, style);
}

}  // namespace qwenfit::report
