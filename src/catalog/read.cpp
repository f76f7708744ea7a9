// JSON -> records. One generic reader walks fields.hpp; what is particular to a record stands there.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fields.hpp"
#include "json_lines.hpp"
#include "nearest.hpp"
#include "qwenfit/error.hpp"
#include "records.hpp"

namespace qwenfit::catalog {
namespace {

using nlohmann::json;

/// One file being read: for messages and for keeping texts.
struct Source {
  const std::string& name;
  const JsonWithLines& document;
  Arena& arena;

  [[noreturn]] void fail(const std::string& pointer, const std::string& what) const {
    throw Error(ErrorCode::bad_input, fmt::format("{}:{}: {}: {}", name, document.line_of(pointer),
                                                  pointer.empty() ? "/" : pointer, what));
  }
};

template <class T>
void read_value(const Source& source, const json& value, const std::string& pointer, T& out);

/// Collects the known keys of a record; the second pass reads the values.
template <class R>
void read_record(const Source& source, const json& value, const std::string& pointer, R& out) {
  if (!value.is_object()) source.fail(pointer, "an object is expected");
  std::vector<std::string_view> known;
  auto visit = [&](const char* key, auto& member, Need need) {
    known.push_back(key);
    const auto it = value.find(key);
    if (it == value.end()) {
      if (need == Need::required) source.fail(pointer, fmt::format("key '{}' is missing", key));
      return;
    }
    read_value(source, *it, pointer + "/" + key, member);
  };
  fields(visit, out);
  for (const auto& [key, unused] : value.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      source.fail(fmt::format("{}/{}", pointer, key),
                  fmt::format("unknown key '{}'{}", key, did_you_mean(key, known)));
    }
  }
}

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_list : std::false_type {};
template <class T>
struct is_list<List<T>> : std::true_type {};

template <class T>
void read_value(const Source& source, const json& value, const std::string& pointer, T& out) {
  if constexpr (is_optional<T>::value) {
    read_value(source, value, pointer, out.emplace());
  } else if constexpr (is_list<T>::value) {
    if (!value.is_array()) source.fail(pointer, "a list is expected");
    std::vector<std::remove_const_t<std::remove_pointer_t<decltype(out.first)>>> items;
    items.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      read_value(source, value[i], pointer + "/" + std::to_string(i), items.emplace_back());
    }
    out = source.arena.keep(std::move(items));
  } else if constexpr (std::is_same_v<T, Text>) {
    if (!value.is_string()) source.fail(pointer, "a text is expected");
    out = source.arena.keep(value.get<std::string>());
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean()) source.fail(pointer, "true or false is expected");
    out = value.get<bool>();
  } else if constexpr (std::is_same_v<T, double>) {
    if (!value.is_number()) source.fail(pointer, "a number is expected");
    out = value.get<double>();
    if (!std::isfinite(out) || out < 0) source.fail(pointer, "a non-negative number is expected");
  } else if constexpr (std::is_integral_v<T>) {
    if (!value.is_number_integer()) source.fail(pointer, "a whole number is expected");
    if (value.is_number_unsigned()
            ? value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<T>::max())
            : value.get<std::int64_t>() < 0) {
      source.fail(pointer, fmt::format("a number from 0 to {} is expected", std::numeric_limits<T>::max()));
    }
    out = value.get<T>();
  } else if constexpr (std::is_enum_v<T>) {
    if (!value.is_string()) source.fail(pointer, "a text is expected");
    const auto& word = value.get_ref<const std::string&>();
    std::vector<std::string_view> words;
    for (const auto& entry : names_of(T{})) {
      if (entry.name == word) {
        out = entry.value;
        return;
      }
      words.push_back(entry.name);
    }
    source.fail(pointer,
                fmt::format("'{}' is none of {}{}", word, fmt::join(words, ", "), did_you_mean(word, words)));
  } else {
    read_record(source, value, pointer, out);
  }
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(ErrorCode::io, fmt::format("can't read {}", path.string()));
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

}  // namespace

void read_text(const std::string& name, std::string_view text, Records& into, Arena& arena) {
  const JsonWithLines document = parse_json_with_lines(name, text);
  const Source source{name, document, arena};
  if (!document.root.is_object()) source.fail("", "an object with lists of records is expected");
  std::vector<std::string_view> known{"$schema", "description"};
  for_each_list(into, [&](const char* key, auto& records) {
    known.push_back(key);
    const auto it = document.root.find(key);
    if (it == document.root.end()) return;
    const std::string pointer = std::string("/") + key;
    if (!it->is_array()) source.fail(pointer, "a list is expected");
    for (std::size_t i = 0; i < it->size(); ++i) {
      auto& record = records.emplace_back();
      record = {};
      read_record(source, (*it)[i], pointer + "/" + std::to_string(i), record);
    }
  });
  for (const auto& [key, unused] : document.root.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      source.fail("/" + key, fmt::format("unknown key '{}'{}", key, did_you_mean(key, known)));
    }
  }
}

void read_files(const std::string& path, Records& into, Arena& arena) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error || !fs::exists(status))
    throw Error(ErrorCode::io, fmt::format("no such catalog file or folder: {}", path));
  std::vector<fs::path> files;
  if (fs::is_directory(status)) {
    for (auto it = fs::recursive_directory_iterator(path, error); it != fs::recursive_directory_iterator();
         it.increment(error)) {
      if (error) throw Error(ErrorCode::io, fmt::format("can't list {}: {}", path, error.message()));
      if (it->is_regular_file() && it->path().extension() == ".json") files.push_back(it->path());
    }
    std::sort(files.begin(), files.end());
  } else {
    files.emplace_back(path);
  }
  for (const fs::path& file : files) read_text(file.string(), read_file(file), into, arena);
}

}  // namespace qwenfit::catalog
