// How fast memory is read, measured.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <set>
#include <thread>
#include <vector>

#include "qwenfit/machine.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Bytes kSmallest = Bytes{64} << 20;
constexpr Bytes kUsual = Bytes{256} << 20;
constexpr Bytes kLargest = Bytes{2} << 30;
constexpr unsigned kMostThreads = 1024;
/// Passes go on for so long, after a first one that is not counted.
constexpr std::chrono::milliseconds kDuration{400};

/// The sum of words, in eight strands so that additions do not wait for each other.
std::uint64_t sum(const std::uint64_t* words, std::size_t count) {
  std::array<std::uint64_t, 8> strands{};
  for (std::size_t i = 0; i + 8 <= count; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) strands[k] += words[i + k];
  }
  std::uint64_t total = 0;
  for (const std::uint64_t s : strands) total += s;
  return total;
}

template <class F>
void on_all(unsigned threads, F&& work) {
  std::vector<std::thread> running;
  for (unsigned t = 1; t < threads; ++t) running.emplace_back([&work, t] { work(t); });
  work(0);
  for (std::thread& thread : running) thread.join();
}

}  // namespace

std::optional<double> measure_bandwidth(const Memory& memory, Bytes cache_bytes, int usable_threads) {
  // Four times the caches, so that little of one pass is left for the next; an eighth of what is free at
  // most.
  Bytes size = std::clamp(4 * std::clamp<Bytes>(cache_bytes, 0, kLargest), kUsual, kLargest);
  if (memory.available) size = std::min(size, *memory.available / 8);
  if (size < kSmallest || size < 2 * cache_bytes) return std::nullopt;
  // More threads than a control group lets run would show what its first moments are, until they are held.
  const unsigned threads = std::clamp(
      usable_threads > 0 ? static_cast<unsigned>(usable_threads) : std::thread::hardware_concurrency(), 1U,
      kMostThreads);
  const std::size_t share = static_cast<std::size_t>(size) / sizeof(std::uint64_t) / threads / 8 * 8;
  const std::unique_ptr<std::uint64_t[]> words(new (std::nothrow) std::uint64_t[share * threads]);
  if (!words) return std::nullopt;
  // Each thread touches its part first: that places it in the memory of its own node.
  on_all(threads, [&](unsigned t) { std::fill_n(words.get() + t * share, share, std::uint64_t{t} + 1); });

  std::atomic<std::uint64_t> sink{0};
  double best = 0;
  const auto end = Clock::now() + kDuration;
  for (int pass = 0; pass < 3 || Clock::now() < end; ++pass) {
    const auto begin = Clock::now();
    on_all(threads, [&](unsigned t) { sink += sum(words.get() + t * share, share); });
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const double rate = static_cast<double>(share * threads * sizeof(std::uint64_t)) / seconds / 1e9;
    if (pass > 0) best = std::max(best, rate);
    if (pass >= 3 && Clock::now() >= end) break;
  }
  return sink != 0 && best > 0 ? std::optional<double>(best) : std::nullopt;
}

Bytes last_cache_bytes(Source& source) {
  const std::string cpus = "/sys/devices/system/cpu";
  int last = 0;
  Bytes size = 0;
  std::set<std::string> shared;  // each such cache serves some of the processors
  for (const std::string& cpu : source.names(cpus)) {
    if (!cpu.starts_with("cpu") || !leading_number(std::string_view(cpu).substr(3))) continue;
    const std::string caches = fmt::format("{}/{}/cache/", cpus, cpu);
    if (size == 0) {
      for (const std::string& name : source.names(caches)) {
        if (name.starts_with("index"))
          last =
              std::max(last, static_cast<int>(leading_number(std::string_view(name).substr(5)).value_or(0)));
      }
    }
    const std::string folder = fmt::format("{}index{}/", caches, last);
    const std::string text = source.file(folder + "size").value_or("");  // "32768K"
    size = std::max(size, scaled(leading_number(text), units::kKiB).value_or(0));
    shared.insert(source.file(folder + "shared_cpu_list").value_or(""));
  }
  return std::min<Bytes>(size, units::kGiB) * std::ssize(shared);
}

}  // namespace qwenfit::machine
