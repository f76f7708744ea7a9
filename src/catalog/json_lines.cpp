#include "json_lines.hpp"

#include <fmt/format.h>

#include <set>

#include "qwenfit/error.hpp"

namespace qwenfit::catalog {
namespace {

/// How deep a catalog may nest; the real one needs 6. Bounds the stack of the recursive readers.
constexpr std::size_t kMaxDepth = 64;
/// How many values a file may hold; the real ones hold some thousand each. Bounds the memory.
constexpr std::size_t kMaxValues = 1'000'000;

/// Where the parser stands. The parser reads one character ahead at most, and never past a line end
/// before it reports the token in front of it.
struct Cursor {
  const char* at;
  int line = 1;
};

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, Cursor* cursor) : at_(at), cursor_(cursor) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_ == '\n') ++cursor_->line;
    cursor_->at = ++at_;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  Cursor* cursor_;
};

std::string escape_pointer(const std::string& key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

/// Builds the value and notes lines on the way, with nlohmann's own DOM builder underneath.
class LineSax : public nlohmann::json_sax<nlohmann::json> {
 public:
  LineSax(const std::string& name, const Cursor& cursor, JsonWithLines& out)
      : name_(name), cursor_(cursor), out_(out), dom_(out.root, true) {}

  bool null() override { return scalar() && dom_.null(); }
  bool boolean(bool v) override { return scalar() && dom_.boolean(v); }
  bool number_integer(number_integer_t v) override { return scalar() && dom_.number_integer(v); }
  bool number_unsigned(number_unsigned_t v) override { return scalar() && dom_.number_unsigned(v); }
  bool number_float(number_float_t v, const string_t& s) override {
    return scalar() && dom_.number_float(v, s);
  }
  bool string(string_t& v) override { return scalar() && dom_.string(v); }
  bool binary(binary_t& v) override { return scalar() && dom_.binary(v); }

  bool start_object(std::size_t n) override { return open(false) && dom_.start_object(n); }
  bool start_array(std::size_t n) override { return open(true) && dom_.start_array(n); }
  bool end_object() override {
    stack_.pop_back();
    return dom_.end_object();
  }
  bool end_array() override {
    stack_.pop_back();
    return dom_.end_array();
  }

  bool key(string_t& key) override {
    Level& level = stack_.back();
    level.child = level.pointer + "/" + escape_pointer(key);
    if (!level.keys.insert(key).second) {
      throw Error(ErrorCode::bad_input,
                  fmt::format("{}:{}: key '{}' stands twice", name_, cursor_.line, key));
    }
    out_.lines.emplace(level.child, cursor_.line);
    return dom_.key(key);
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& e) override {
    std::string what = e.what();
    if (const auto colon = what.find(": "); colon != std::string::npos) what.erase(0, colon + 2);
    throw Error(ErrorCode::bad_input, fmt::format("{}:{}: not valid JSON: {}", name_, cursor_.line, what));
  }

 private:
  struct Level {
    std::string pointer;
    std::string child;
    bool array;
    std::size_t index = 0;
    std::set<std::string> keys;
  };

  /// The pointer of the value that begins now.
  std::string here() {
    if (++values_ > kMaxValues)
      throw Error(ErrorCode::bad_input,
                  fmt::format("{}:{}: more than a million values", name_, cursor_.line));
    if (stack_.empty()) return "";
    Level& level = stack_.back();
    if (!level.array) return level.child;
    std::string pointer = level.pointer + "/" + std::to_string(level.index++);
    out_.lines.emplace(pointer, cursor_.line);
    return pointer;
  }
  bool scalar() {
    here();
    return true;
  }
  bool open(bool array) {
    if (stack_.size() >= kMaxDepth) {
      throw Error(ErrorCode::bad_input,
                  fmt::format("{}:{}: nested deeper than {} levels", name_, cursor_.line, kMaxDepth));
    }
    std::string pointer = here();
    stack_.push_back({std::move(pointer), "", array, 0, {}});
    return true;
  }

  const std::string& name_;
  const Cursor& cursor_;
  JsonWithLines& out_;
  nlohmann::detail::json_sax_dom_parser<nlohmann::json> dom_;
  std::vector<Level> stack_;
  std::size_t values_ = 0;
};

}  // namespace

int JsonWithLines::line_of(std::string pointer) const {
  for (;;) {
    if (const auto it = lines.find(pointer); it != lines.end()) return it->second;
    const auto slash = pointer.rfind('/');
    if (slash == std::string::npos) return 1;
    pointer.erase(slash);
  }
}

JsonWithLines parse_json_with_lines(const std::string& name, std::string_view text) {
  JsonWithLines out;
  Cursor cursor{text.data()};
  LineSax sax(name, cursor, out);
  nlohmann::json::sax_parse(CountingIterator(text.data(), &cursor),
                            CountingIterator(text.data() + text.size(), &cursor), &sax);
  return out;
}

}  // namespace qwenfit::catalog
