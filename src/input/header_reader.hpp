// Reading headers whose lengths are not trusted.
#pragma once

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>
#include <istream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"

namespace qwenfit::input {

[[noreturn]] inline void bad(const std::string& file, const std::string& what) {
  throw Error(ErrorCode::bad_input, fmt::format("{}: {}", file, what));
}

/// Where a tensor's data lies, to find those that overlap.
struct Extent {
  Bytes begin = 0;
  Bytes end = 0;
  std::size_t tensor = 0;
};

/// a x b; nothing when it passes units::kMaxCount.
std::optional<std::int64_t> product(std::int64_t a, std::int64_t b);

/// @throws Error(bad_input) where data of two tensors overlaps or lies outside of `data_bytes`. A file
///         without any data is a header only.
void check_extents(ModelFile& file, std::vector<Extent> extents, Bytes data_bytes, const std::string& name);

/// @throws Error(bad_input) where two tensors have one name.
void check_names(const ModelFile& file, const std::string& name);

/// Little-endian fields of a stream of known size.
class HeaderReader {
 public:
  HeaderReader(std::istream& in, Bytes size, const std::string& name) : in_(in), size_(size), name_(name) {}

  Bytes position() const { return at_; }
  Bytes left() const { return size_ - at_; }

  std::string bytes(Bytes count, const char* what) {
    require(count, what);
    std::string out(static_cast<std::size_t>(count), '\0');
    in_.read(out.data(), static_cast<std::streamsize>(count));
    if (in_.gcount() != count) bad(name_, fmt::format("ends within {}", what));
    at_ += count;
    return out;
  }

  void skip(Bytes count, const char* what) {
    require(count, what);
    // A seek throws the stream's buffer away: not for each word of a vocabulary.
    constexpr Bytes kBuffered = 4096;
    if (count <= kBuffered) in_.ignore(static_cast<std::streamsize>(count));
    else in_.seekg(static_cast<std::streamoff>(count), std::ios::cur);
    at_ += count;
  }

  /// An unsigned field of 1 to 8 bytes that is used as a count or an offset.
  std::uint64_t number(int width, const char* what) {
    const std::string text = bytes(width, what);
    std::uint64_t value = 0;
    for (int i = width; i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(text[static_cast<std::size_t>(i)]);
    return value;
  }

  /// A number that has to be a sensible count.
  std::int64_t count(int width, const char* what) {
    const std::uint64_t value = number(width, what);
    if (value > static_cast<std::uint64_t>(units::kMaxCount))
      bad(name_, fmt::format("{} is {}, beyond any file", what, value));
    return static_cast<std::int64_t>(value);
  }

 private:
  void require(Bytes count, const char* what) const {
    if (count > left())
      bad(name_, fmt::format("is truncated: {} bytes of {} are wanted, {} are left", count, what, left()));
  }

  std::istream& in_;
  Bytes size_;
  Bytes at_ = 0;
  const std::string& name_;
};

}  // namespace qwenfit::input
