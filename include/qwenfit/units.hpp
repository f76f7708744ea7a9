// Quantities and their spelling: the only place that turns text into numbers with units and back.
// GB is 10^9 bytes, GiB is 2^30 bytes; nothing in qwenfit uses one for the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qwenfit {

/// Memory in bytes. Signed, so that a negative headroom is a value and not a wrap-around.
using Bytes = std::int64_t;

namespace units {

inline constexpr Bytes kKiB = Bytes{1} << 10;
inline constexpr Bytes kMiB = Bytes{1} << 20;
inline constexpr Bytes kGiB = Bytes{1} << 30;
inline constexpr double kGB = 1e9;

/// The largest count (tokens, sequences, bytes) that qwenfit calculates with: 2^53, exact in a
/// double and far beyond any machine. Anything larger is refused where it is read.
inline constexpr std::int64_t kMaxCount = std::int64_t{1} << 53;

constexpr double to_gib(Bytes b) {
  return static_cast<double>(b) / static_cast<double>(kGiB);
}
constexpr double to_mib(Bytes b) {
  return static_cast<double>(b) / static_cast<double>(kMiB);
}
constexpr double to_gb(Bytes b) {
  return static_cast<double>(b) / kGB;
}
constexpr Bytes mib(double v) {
  return static_cast<Bytes>(v * static_cast<double>(kMiB) + 0.5);  // NOLINT(bugprone-incorrect-roundings)
}
constexpr Bytes gib(double v) {
  return static_cast<Bytes>(v * static_cast<double>(kGiB) + 0.5);  // NOLINT(bugprone-incorrect-roundings)
}

/// `value` rounded up to a multiple of `multiple` (> 0).
constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// ceil(a / b) for a >= 0, b > 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Reads a count: "8192", "8k" (8192), "128K", "1M" (1,048,576), "1e5", "32_768", "32,768".
/// k, M and G are powers of 1024, as people mean them for context lengths.
/// @return nothing when the text is no whole non-negative number or exceeds kMaxCount.
std::optional<std::int64_t> parse_count(std::string_view text);

/// Reads a size in bytes: "24GiB", "24 GB", "512 MiB", "1Ti", "16g" (GiB, as memory tools mean it),
/// a bare number is bytes.
/// @return nothing when it can't be read or exceeds kMaxCount.
std::optional<Bytes> parse_bytes(std::string_view text);

/// Reads a bandwidth in bytes per second: "1.8 TB/s", "448 GB/s", a bare number is GB/s.
std::optional<double> parse_bandwidth(std::string_view text);

/// Reads a plain finite decimal number.
std::optional<double> parse_number(std::string_view text);

/// What `format_bytes` writes sizes of memory in.
enum class SizeUnits : std::uint8_t {
  binary,   ///< GiB, 2^30 bytes
  decimal,  ///< GB, 10^9 bytes
};
/// Chooses them for the whole program, which writes binary units until then. Not while other threads write.
void write_sizes_in(SizeUnits units);

/// "GiB" or "GB", and a size in it, for tables with the unit in their heading.
std::string_view large_unit();
double in_large_units(Bytes bytes);

/// "5.32 GiB", "812 MiB", "96 KiB", "12 B": three significant digits or more, in the units chosen.
std::string format_bytes(Bytes bytes);

/// "5.71 GB": decimal units, for file sizes as download pages print them.
std::string format_bytes_decimal(Bytes bytes);

/// "8.19B", "494M", "2.45T": a parameter count in short.
std::string format_parameters(std::int64_t parameters);

/// "131,072".
std::string format_grouped(std::int64_t value);

/// A figure with about three significant digits and no exponent: "4702", "41.5", "0.83".
std::string format_figure(double value);

/// "1.2 s", "340 ms", "85 us".
std::string format_milliseconds(double milliseconds);

}  // namespace units
}  // namespace qwenfit
