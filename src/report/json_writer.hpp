// Writes JSON straight into a string, in the order asked, without building a tree first: `batch` prints
// some hundred thousand estimates a second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qwenfit::report {

class JsonWriter {
 public:
  /// @param indent blanks per level; 0 writes one line.
  explicit JsonWriter(std::string& out, int indent = 0) : out_(out), indent_(indent) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  /// The key of the member that is written next.
  JsonWriter& key(std::string_view key);

  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(bool flag);
  void value(std::int64_t number);
  void value(int number) { value(static_cast<std::int64_t>(number)); }
  /// Six significant digits; what is not finite becomes null.
  void value(double number);
  void null() { literal("null"); }
  /// `text`, which is JSON already.
  void literal(std::string_view text);

  template <class T>
  void member(std::string_view name, const T& v) {
    key(name).value(v);
  }
  /// Writes nothing when the value is absent.
  template <class T>
  void member(std::string_view name, const std::optional<T>& v) {
    if (v) key(name).value(*v);
  }

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void new_line();

  std::string& out_;
  int indent_;
  int depth_ = 0;
  bool first_ = true;
  bool after_key_ = false;
};

/// Appends `text` as a JSON string with quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace qwenfit::report
