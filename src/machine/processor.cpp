// Processor and memory of Linux machines.
#include <algorithm>
#include <map>
#include <set>

#include "parsers.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

/// Flags of the kernel -> what engines have kernels for. "Features" of Arm come after those of x86.
constexpr std::pair<std::string_view, std::string_view> kVectorSets[] = {{"avx2", "AVX2"},
                                                                         {"avx512f", "AVX-512"},
                                                                         {"avx512_vnni", "AVX-512 VNNI"},
                                                                         {"avx512_bf16", "AVX-512 BF16"},
                                                                         {"amx_tile", "AMX"},
                                                                         {"asimd", "NEON"},
                                                                         {"asimddp", "dot product"},
                                                                         {"i8mm", "I8MM"},
                                                                         {"sve", "SVE"},
                                                                         {"sme", "SME"}};

constexpr int kMostListed = 65536;

}  // namespace

Processor parse_cpuinfo(std::string_view text) {
  Processor p;
  std::set<std::pair<std::int64_t, std::int64_t>> cores;  // (socket, core)
  std::set<std::int64_t> sockets;
  std::int64_t socket = 0;
  std::string flags;
  for (const std::string_view line : split(text, '\n')) {
    const auto [key, value] = key_value(line, ':');
    if (key == "processor") p.threads = std::min(p.threads + 1, kMostListed);
    else if ((key == "model name" || key == "Model") && p.name.empty())
      p.name = value;  // Raspberry Pi: Model
    else if (key == "physical id") {
      socket = leading_number(value).value_or(0);
      sockets.insert(socket);
    } else if (key == "core id") {
      cores.emplace(socket, leading_number(value).value_or(0));
    } else if (key == "cpu MHz") {
      p.mega_hertz =
          std::max(p.mega_hertz,
                   static_cast<double>(std::min<std::int64_t>(leading_number(value).value_or(0), 100'000)));
    } else if ((key == "flags" || key == "Features") && flags.empty()) {
      flags = value;
    }
  }
  p.sockets = static_cast<int>(sockets.size());
  p.cores = cores.empty() ? p.threads : static_cast<int>(cores.size());
  for (const auto& [flag, name] : kVectorSets) {
    if (has_word(flags, flag)) p.vector_sets.emplace_back(name);
  }
  return p;
}

int count_in_list(std::string_view list) {
  std::int64_t count = 0;
  for (const std::string_view range : split(list, ',')) {
    const auto first = leading_number(range);
    const auto dash = range.find('-');
    const auto last = dash == std::string_view::npos ? first : leading_number(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= kMostListed) return 0;
    count += *last - *first + 1;
  }
  return static_cast<int>(std::min<std::int64_t>(count, kMostListed));
}

Memory parse_meminfo(std::string_view text) {
  Memory memory;
  for (const std::string_view line : split(text, '\n')) {
    const auto [key, value] = key_value(line, ':');
    if (key == "MemTotal") memory.total = scaled(leading_number(value), units::kKiB);
    else if (key == "MemAvailable") memory.available = scaled(leading_number(value), units::kKiB);
  }
  return memory;
}

std::string plain_processor_name(std::string_view name) {
  std::string text(name);
  for (const std::string_view mark : {"(R)", "(TM)", "(tm)", "(r)"}) {
    for (std::size_t at; (at = text.find(mark)) != std::string::npos;) text.erase(at, mark.size());
  }
  // What is behind these words is no part of the name.
  for (const std::string_view end : {" @ ", " w/ ", " with "}) {
    if (const auto at = text.find(end); at != std::string::npos) text.erase(at);
  }
  std::string out;
  const auto words = split(text, ' ');
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const std::string_view next = i + 1 < words.size() ? words[i + 1] : std::string_view();
    if (word.empty() || word == "CPU" || word == "Processor" || word.ends_with("-Core")) continue;
    if (next == "Gen" && word.find_first_of("0123456789") == 0) {  // "12th Gen"
      ++i;
      continue;
    }
    if (word == "Genuine") continue;
    out += (out.empty() ? "" : " ") + std::string(word);
  }
  return out;
}

}  // namespace qwenfit::machine
