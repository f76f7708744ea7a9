// JSON -> records. One generic reader walks fields.hpp; what is particular to a record stands there.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

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

/// `known`: `out` holds a record already, and what the file gives is put over it.
template <class T>
void read_value(const Source& source, const json& value, const std::string& pointer, bool known, T& out);

/// Collects the known keys of a record; the second pass reads the values.
template <class R>
void read_record(const Source& source, const json& value, const std::string& pointer, bool known, R& out) {
  if (!value.is_object()) source.fail(pointer, "an object is expected");
  std::vector<std::string_view> keys;
  auto visit = [&](const char* key, auto& member, Need need) {
    keys.push_back(key);
    const auto it = value.find(key);
    if (it == value.end()) {
      if (need == Need::required && !known) source.fail(pointer, fmt::format("key '{}' is missing", key));
      return;
    }
    read_value(source, *it, pointer + "/" + key, known, member);
  };
  fields(visit, out);
  for (const auto& [key, unused] : value.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      source.fail(fmt::format("{}/{}", pointer, key),
                  fmt::format("unknown key '{}'{}", key, did_you_mean(key, keys)));
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
void read_list(const Source& source, const json& value, const std::string& pointer, bool known,
               List<T>& out) {
  if (!value.is_array()) source.fail(pointer, "a list is expected");
  std::vector<T> items;
  if constexpr (std::is_same_v<T, Text>) {
    if (known) items.assign(out.begin(), out.end());
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    T item{};
    read_value(source, value[i], pointer + "/" + std::to_string(i), false, item);
    if constexpr (std::is_same_v<T, Text>) {
      if (std::find(items.begin(), items.end(), item) != items.end()) continue;
    }
    items.push_back(item);
  }
  out = source.arena.keep(std::move(items));
}

template <class T>
void read_value(const Source& source, const json& value, const std::string& pointer, bool known, T& out) {
  if constexpr (is_optional<T>::value) {
    known = known && out.has_value();
    if (!known) out.emplace();
    read_value(source, value, pointer, known, *out);
  } else if constexpr (is_list<T>::value) {
    read_list(source, value, pointer, known, out);
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
    for (const auto& entry : kNamesOf<T>) {
      if (entry.name == word) {
        out = entry.value;
        return;
      }
      words.push_back(entry.name);
    }
    source.fail(pointer,
                fmt::format("'{}' is none of {}{}", word, fmt::join(words, ", "), did_you_mean(word, words)));
  } else {
    read_record(source, value, pointer, known, out);
  }
}

/// One record of a list: new, or put over the one with its id.
/// @param before how many records the catalog had when reading began.
template <class R>
void read_entry(const Source& source, const json& value, const std::string& pointer, std::size_t before,
                std::vector<R>& records, Origins& origins) {
  if (!value.is_object()) source.fail(pointer, "an object is expected");
  const auto id = value.find("id");
  if (id == value.end()) source.fail(pointer, "key 'id' is missing");
  if (!id->is_string()) source.fail(pointer + "/id", "a text is expected");
  const auto& text = id->get_ref<const std::string&>();
  const std::string where = fmt::format("{}:{}", source.name, source.document.line_of(pointer));
  const auto [origin, first] = origins.emplace(fmt::format("{} {}", kind_of<R>(), text), where);
  if (!first) source.fail(pointer + "/id", fmt::format("'{}' stands in {} already", text, origin->second));
  const auto known = std::find_if(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(before),
                                  [&](const R& r) { return r.id == text; });
  const bool change = known != records.begin() + static_cast<std::ptrdiff_t>(before);
  R record{};
  if (change) record = *known;
  read_record(source, value, pointer, change, record);
  if (change) *known = record;
  else records.push_back(record);
}

/// A catalog has a megabyte; more than this is none.
constexpr std::size_t kLargestFile = std::size_t{16} << 20;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(ErrorCode::io, fmt::format("can't read {}", path.string()));
  std::string text;
  std::vector<char> chunk(std::size_t{1} << 16);
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || in.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLargestFile)
      throw Error(ErrorCode::bad_input, fmt::format("{}: larger than any catalog (16 MiB)", path.string()));
  }
  if (in.bad()) throw Error(ErrorCode::io, fmt::format("can't read {}", path.string()));
  return text;
}

}  // namespace

void read_text(const std::string& name, std::string_view text, Records& into, Arena& arena,
               Origins& origins) {
  const JsonWithLines document = parse_json_with_lines(name, text);
  const Source source{name, document, arena};
  if (!document.root.is_object()) source.fail("", "an object with lists of records is expected");
  std::vector<std::string_view> known{"$schema", "schema", "description"};
  if (const auto it = document.root.find("schema"); it != document.root.end() && *it != 1)
    source.fail("/schema", "only version 1 of the schema is known");
  for_each_list(into, [&](const char* key, auto& records) {
    known.push_back(key);
    const auto it = document.root.find(key);
    if (it == document.root.end()) return;
    const std::string pointer = std::string("/") + key;
    if (!it->is_array()) source.fail(pointer, "a list is expected");
    const std::size_t before = records.size();
    for (std::size_t i = 0; i < it->size(); ++i) {
      read_entry(source, (*it)[i], pointer + "/" + std::to_string(i), before, records, origins);
    }
  });
  for (const auto& [key, unused] : document.root.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      source.fail("/" + key, fmt::format("unknown key '{}'{}", key, did_you_mean(key, known)));
    }
  }
}

std::vector<std::string> catalog_files(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error || !fs::exists(status))
    throw Error(ErrorCode::io, fmt::format("no such catalog file or folder: {}", path));
  if (!fs::is_directory(status)) return {path};
  std::vector<std::string> files;
  const auto wanted = [](const fs::path& file) {
    return file.extension() == ".json" && file.filename() != "config.json" &&
           file.filename() != "calibration.json" && !file.filename().string().ends_with(".schema.json");
  };
  constexpr auto kOptions = fs::directory_options::skip_permission_denied;
  for (auto it = fs::recursive_directory_iterator(path, kOptions, error);
       it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it.depth() >= 1) it.disable_recursion_pending();
    if (wanted(it->path()) && it->is_regular_file(error)) files.push_back(it->path().string());
  }
  if (error) throw Error(ErrorCode::io, fmt::format("can't list {}: {}", path, error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

void read_files(const std::string& path, Records& into, Arena& arena, Origins& origins) {
  for (const std::string& file : catalog_files(path)) read_text(file, read_file(file), into, arena, origins);
}

}  // namespace qwenfit::catalog
