#include "qwenfit/devices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "assume_host.hpp"
#include "catalog/nearest.hpp"
#include "qwenfit/limits.hpp"
#include "settled.hpp"

namespace qwenfit {
namespace {

template <class E, std::size_t N>
E parse_word(std::string_view what, std::string_view text, const std::array<E, N>& values,
             std::string_view (*name)(E)) {
  std::vector<std::string_view> words;
  for (const E value : values) {
    if (name(value) == text) return value;
    words.push_back(name(value));
  }
  throw Error(ErrorCode::invalid_value,
              fmt::format("{}: '{}'{}", what, text, catalog::did_you_mean_of_few(text, words)));
}

std::string_view order_name(DeviceOrder order) {
  return order == DeviceOrder::speed ? "speed" : order == DeviceOrder::memory ? "memory" : "price";
}

bool is_system(const catalog::Device& d) {
  return !d.base_device.empty();
}

/// A device in one memory size.
struct Configuration {
  const catalog::Device* device;
  std::string name;  ///< as find_device takes it
  std::optional<double> memory_gb;
};

std::vector<Configuration> configurations(const catalog::Catalog& catalog, const DevicesQuestion& question) {
  std::vector<Configuration> out;
  for (const catalog::Device* d : catalog.devices()) {
    const auto asked = [&](DeviceKind kind) { return is_of(*d, kind); };
    if (is_system(*d) && !question.systems) continue;
    if (!question.kinds.empty() && std::none_of(question.kinds.begin(), question.kinds.end(), asked))
      continue;
    if (d->device_class == catalog::DeviceClass::cpu && !d->memory_gb && d->memory_options_gb.empty()) {
      out.push_back({d, fmt::format("{} {:.0f}GB", d->id, kUsualHostGib), kUsualHostGib});
      continue;
    }
    if (d->memory_options_gb.empty()) {
      out.push_back({d, std::string(d->id), d->memory_gb});
      continue;
    }
    for (const std::int32_t size : d->memory_options_gb)
      out.push_back({d, fmt::format("{} {}GB", d->id, size), static_cast<double>(size)});
  }
  return out;
}

DeviceRun run_on(Estimator& estimator, Scenario scenario, const Configuration& c, bool settle) {
  scenario.devices = {{c.name, 1}};
  scenario.device_count.reset();
  assume_host(scenario, *c.device);
  const Settled settled = settle ? estimate_settled(estimator, scenario, false)
                                 : Settled{estimator.estimate(scenario, false), std::nullopt};
  const Estimate& e = settled.estimate;
  DeviceRun run;
  run.device = c.device;
  run.name = std::string(c.device->name);
  if (c.device->memory_options_gb.size() > 1) run.name += fmt::format(" {:.0f}GB", *c.memory_gb);
  run.memory_gb = c.memory_gb;
  // One price for several sizes is that of the smallest.
  if (c.device->memory_options_gb.empty() || c.memory_gb == c.device->memory_options_gb[0])
    run.usd = c.device->msrp_usd;
  if (const auto& price = c.device->cloud_usd_per_hour)
    run.usd_per_hour = price->typical ? price->typical : price->low;
  run.run = run_of(e);
  run.run.max_num_seqs = settled.max_num_seqs;
  run.unmet = unmet_requirement(e);
  run.holds = holds(scenario, Limit::device, e);
  return run;
}

double key_of(const DeviceRun& r, DeviceOrder order) {
  constexpr double kLast = std::numeric_limits<double>::max();
  switch (order) {
    case DeviceOrder::speed: return r.run.speed ? -r.run.speed->decode_tok_s.value : 0;
    case DeviceOrder::memory: return r.memory_gb.value_or(kLast);
    case DeviceOrder::price: return r.usd.value_or(kLast);
  }
  return 0;
}

KindSummary summary_of(const std::vector<DeviceRun>& runs, DeviceKind kind) {
  KindSummary summary;
  summary.kind = kind;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const DeviceRun& r = runs[i];
    if (!is_of(*r.device, kind)) continue;
    ++summary.counts[static_cast<std::size_t>(r.run.group)];
    if (runs_well(r.run.group) && r.memory_gb &&
        (!summary.smallest || *r.memory_gb < *runs[*summary.smallest].memory_gb))
      summary.smallest = i;
  }
  return summary;
}

}  // namespace

int KindSummary::all() const {
  return std::accumulate(counts.begin(), counts.end(), 0);
}

int KindSummary::running() const {
  return all() - counts[static_cast<std::size_t>(RunGroup::no)];
}

int KindSummary::running_well() const {
  return counts[static_cast<std::size_t>(RunGroup::great)] + counts[static_cast<std::size_t>(RunGroup::well)];
}

std::string_view device_kind_name(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::gpu: return "gpu";
    case DeviceKind::laptop: return "laptop";
    case DeviceKind::unified: return "unified";
    case DeviceKind::mac: return "mac";
    case DeviceKind::cpu: return "cpu";
    case DeviceKind::server: return "server";
  }
  return "?";
}

DeviceKind parse_device_kind(std::string_view name) {
  return parse_word("class", name, kDeviceKinds, device_kind_name);
}

DeviceOrder parse_device_order(std::string_view name) {
  constexpr std::array kOrders{DeviceOrder::speed, DeviceOrder::memory, DeviceOrder::price};
  return parse_word("sort", name, kOrders, order_name);
}

bool is_of(const catalog::Device& d, DeviceKind kind) {
  using catalog::DeviceClass;
  const DeviceClass c = d.device_class;
  switch (kind) {
    case DeviceKind::gpu:
      return !is_system(d) && (c == DeviceClass::consumer || c == DeviceClass::laptop ||
                               c == DeviceClass::workstation || c == DeviceClass::datacenter);
    case DeviceKind::laptop: return c == DeviceClass::laptop;
    case DeviceKind::unified: return c == DeviceClass::unified || c == DeviceClass::edge;
    case DeviceKind::mac: return d.vendor == catalog::Vendor::apple;
    case DeviceKind::cpu: return c == DeviceClass::cpu;
    case DeviceKind::server: return c == DeviceClass::datacenter || is_system(d);
  }
  return false;
}

DevicesAnswer compare_devices(Estimator& estimator, const Scenario& scenario,
                              const DevicesQuestion& question) {
  Scenario one = scenario;
  one.devices.clear();
  one.device_count.reset();
  const engine::Setup setup = estimator.resolve(one);
  DevicesAnswer answer;
  answer.model = setup.model;
  answer.variant = setup.variant;
  answer.context = setup.context;
  answer.concurrency = setup.concurrency;
  // The format is the question's on every device, whatever engine that one would take by default.
  if (!one.format) one.format = std::string(setup.weights->format->id);
  if (!one.context) one.context = setup.context;
  if (!one.host) answer.assumed_host = units::gib(kUsualHostGib);
  LeftOutCounter left_out;
  for (const Configuration& c : configurations(estimator.catalog(), question)) {
    try {
      DeviceRun run = run_on(estimator, one, c, question.settle);
      if (run.run.verdict == Verdict::unknown) left_out.add("its memory is not known", c.name);
      else if (!run.unmet.empty()) left_out.add(run.unmet, run.name);
      else answer.runs.push_back(std::move(run));
    } catch (const Error& e) {
      left_out.add(e, std::string(c.device->name));
    }
  }
  answer.left_out = left_out.take();
  std::stable_sort(answer.runs.begin(), answer.runs.end(), [&](const DeviceRun& a, const DeviceRun& b) {
    return std::pair(a.run.group, key_of(a, question.order)) <
           std::pair(b.run.group, key_of(b, question.order));
  });
  for (const DeviceRun& r : answer.runs) ++answer.counts[static_cast<std::size_t>(r.run.group)];
  for (const DeviceKind kind : kDeviceKinds) {
    const KindSummary summary = summary_of(answer.runs, kind);
    if (std::any_of(summary.counts.begin(), summary.counts.end(), [](int n) { return n > 0; }))
      answer.kinds.push_back(summary);
  }
  return answer;
}

}  // namespace qwenfit
