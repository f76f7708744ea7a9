// YAML as a plain tree with line numbers, with bounds on depth and size. Anchors are shared, not copied; what
// refers to itself or would unfold without end is refused.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell_value.hpp"

namespace qwenfit::plan {

class YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;

enum class YamlKind : std::uint8_t { null, scalar, sequence, map };

class YamlNode {
 public:
  YamlKind kind = YamlKind::null;
  std::string text;     ///< of a scalar
  int line = 0;         ///< of the node; of a block scalar's first line of text
  bool block = false;   ///< a block scalar: its lines are lines of the file
  bool folded = false;  ///< `>`: line breaks became blanks
  std::vector<std::pair<std::string, YamlPtr>> members;
  std::vector<int> key_lines;  ///< of members
  std::vector<YamlPtr> items;
  std::int64_t unfolded = 1;  ///< nodes with every alias written out

  /// The member of this name; a null node when there is none, so that paths can be followed blindly.
  const YamlNode& operator[](std::string_view key) const;
  bool has(std::string_view key) const { return (*this)[key].kind != YamlKind::null; }
  bool is_map() const { return kind == YamlKind::map; }
  bool is_list() const { return kind == YamlKind::sequence; }
  bool is_scalar() const { return kind == YamlKind::scalar; }
  explicit operator bool() const { return kind != YamlKind::null; }
  /// The whole number that a scalar is.
  std::optional<std::int64_t> number() const;
  bool is_true() const { return text == "true" || text == "True" || text == "yes"; }
  /// The text as a word with its line.
  Word word() const { return {text, line, {}}; }
};

struct YamlDocument {
  YamlPtr root;
  int first_line = 1;
  int last_line = 1;
};

/// @throws Error(bad_input) naming the line: no YAML, nested too deeply, unfolds without end.
YamlPtr parse_yaml(std::string_view text, int first_line);

/// `text` cut at lines of `---`: what stands between, with the line it begins in.
std::vector<std::pair<std::string_view, int>> split_documents(std::string_view text);

}  // namespace qwenfit::plan
