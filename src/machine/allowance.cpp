// What control groups and affinity leave of a Linux machine to this program, as in a container.
#include "allowance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "parsers.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

constexpr std::string_view kMounted = "/sys/fs/cgroup";
constexpr int kDeepest = 64;

std::optional<std::int64_t> number_in(Source& source, const std::string& path) {
  return leading_number(source.file(path).value_or(""));  // "max" is none
}

/// The number behind a word at a line's start, as in memory.stat.
std::int64_t counted(std::string_view text, std::string_view word) {
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with(word) && line.substr(word.size()).starts_with(' '))
      return leading_number(line.substr(word.size())).value_or(0);
  }
  return 0;
}

/// One control group and what is allowed to it.
void limit_by(Source& source, const std::string& group, bool second, Allowance& allowed) {
  const auto most = number_in(source, group + (second ? "memory.max" : "memory.limit_in_bytes"));
  if (most) {
    allowed.memory = std::min(allowed.memory.value_or(*most), *most);
    // Files that were read once are given back when memory is asked for.
    const Bytes used =
        number_in(source, group + (second ? "memory.current" : "memory.usage_in_bytes")).value_or(0);
    const Bytes files = counted(source.file(group + "memory.stat").value_or(""),
                                second ? "inactive_file" : "total_inactive_file");
    const Bytes left = std::max<Bytes>(0, *most - std::max<Bytes>(0, used - files));
    allowed.available = std::min(allowed.available.value_or(left), left);
  }
  std::optional<std::int64_t> quota, period;
  if (second) {
    const std::string text = source.file(group + "cpu.max").value_or("");  // "400000 100000"
    quota = leading_number(text);
    period = leading_number(key_value(text, ' ').value);
  } else {
    quota = number_in(source, group + "cpu.cfs_quota_us");  // -1: none
    period = number_in(source, group + "cpu.cfs_period_us");
  }
  if (quota && period && *quota > 0 && *period > 0)
    allowed.processors =
        std::min(allowed.processors, static_cast<double>(*quota) / static_cast<double>(*period));
}

}  // namespace

Allowance allowance_of(Source& source) {
  Allowance allowed;
  const std::string status = source.file("/proc/self/status").value_or("");
  for (const std::string_view line : split(status, '\n')) {
    const auto [key, value] = key_value(line, ':');
    if (key != "Cpus_allowed_list") continue;
    if (const int count = count_in_list(value); count > 0) allowed.processors = count;
  }
  const std::string groups = source.file("/proc/self/cgroup").value_or("");
  for (const std::string_view line : split(groups, '\n')) {  // "4:memory:/docker/1f2e", or "0::/user.slice"
    const auto parts = split(line, ':');
    if (parts.size() < 3) continue;
    const bool second = parts[1].empty();
    const auto controllers = split(parts[1], ',');
    const auto has = [&](std::string_view name) {
      return std::find(controllers.begin(), controllers.end(), name) != controllers.end();
    };
    if (!second && !has("memory") && !has("cpu")) continue;
    const std::string root = second ? std::string(kMounted) : fmt::format("{}/{}", kMounted, parts[1]);
    // A group is held by the limits of those it is in; a container sees its own as the root.
    std::string path(trimmed(parts[2]));
    for (int depth = 0; depth < kDeepest; ++depth) {
      while (path.ends_with('/')) path.pop_back();
      limit_by(source, fmt::format("{}{}/", root, path), second, allowed);
      if (path.empty()) break;
      path.erase(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
  }
  return allowed;
}

void apply_allowance(const Allowance& allowed, Machine& machine) {
  Memory& memory = machine.memory;
  if (allowed.memory && memory.total && *allowed.memory < *memory.total) {
    machine.notes.push_back(
        fmt::format("of the machine's {} of memory, this container or control group may use {}",
                    units::format_bytes(*memory.total), units::format_bytes(*allowed.memory)));
    memory.total = allowed.memory;
    memory.available =
        std::min(memory.available.value_or(*memory.total), allowed.available.value_or(*memory.total));
  }
  Processor& p = machine.processor;
  p.usable_threads = p.threads;
  if (p.threads > 0 && allowed.processors < p.threads) {
    p.usable_threads = std::max(1, static_cast<int>(std::floor(allowed.processors)));
    machine.notes.push_back(fmt::format("of the machine's {} threads, this container or program may use {:g}",
                                        p.threads, allowed.processors));
  }
}

}  // namespace qwenfit::machine
