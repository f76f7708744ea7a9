#include "surroundings.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "own_measurements.hpp"
#include "qwenfit/error.hpp"
#include "user_files.hpp"

namespace qwenfit::cli {
namespace {

using nlohmann::json;

std::string measured_file() {
  const std::string folder = cache_folder();
  return folder.empty() ? folder : folder + "/memory-bandwidth.json";
}

}  // namespace

std::optional<double> remembered_bandwidth(const machine::Machine& found) {
  try {
    const auto text = read_user_file(measured_file());
    const json record = text ? json::parse(*text, nullptr, false) : json();
    if (!record.is_object() || record.value("processor", "") != found.processor.name ||
        record.value("memory_bytes", std::int64_t{0}) != found.memory.total.value_or(0))
      return std::nullopt;
    const double rate = record.value("gb_s", 0.0);
    return rate > 0 ? std::optional(rate) : std::nullopt;
  } catch (const std::exception&) {  // a cache that can't be read is none
    return std::nullopt;
  }
}

void measure_memory(machine::Source& source, machine::Machine& found) {
  found.memory.measured_gb_s = machine::measure_bandwidth(found.memory, machine::last_cache_bytes(source),
                                                          found.processor.usable_threads);
  if (!found.memory.measured_gb_s) {
    found.notes.emplace_back("there is not enough free memory to measure its bandwidth");
    return;
  }
  // What else the machine does makes it slower, nothing makes it faster: the best that was seen is kept.
  if (const auto before = remembered_bandwidth(found); before && *before > *found.memory.measured_gb_s)
    return;
  const json record{{"processor", found.processor.name},
                    {"memory_bytes", found.memory.total.value_or(0)},
                    {"gb_s", *found.memory.measured_gb_s}};
  try {
    if (!measured_file().empty())
      write_user_file(measured_file(), record.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
  } catch (const Error&) {  // it is measured anew the next time
    return;
  }
}

machine::Machine look_around(const catalog::Catalog& catalog) {
  const char* folder = std::getenv("QWENFIT_MACHINE");
  if (folder && *folder) return machine::detect(catalog, *machine::recorded_machine(folder));
  const auto source = machine::this_machine();
  machine::Machine found = machine::detect(catalog, *source);
  const catalog::Device* known = found.processor.match.device;
  if (found.memory.bandwidth_gb_s || (known && known->bandwidth_gb_s)) return found;
  found.memory.measured_gb_s = remembered_bandwidth(found);
  if (!found.memory.measured_gb_s) measure_memory(*source, found);
  return found;
}

Surroundings surroundings(const catalog::Catalog& catalog) {
  return {[&catalog] { return machine::local_devices(look_around(catalog)); }, nullptr};
}

Surroundings surroundings(const catalog::Catalog& catalog, const CommonOptions& options) {
  Surroundings out = surroundings(catalog);
  if (options.calibration) out.calibration = own_calibration(catalog);
  return out;
}

Surroundings whole_machine(const catalog::Catalog& catalog) {
  return {[&catalog] {
            machine::LocalDevices here = machine::local_devices(look_around(catalog));
            for (machine::LocalDevice& gpu : here.gpus) gpu.free.reset();
            here.processor.free.reset();
            return here;
          },
          nullptr};
}

}  // namespace qwenfit::cli
