#include "yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>

#include "qwenfit/error.hpp"
#include "qwenfit/units.hpp"

namespace qwenfit::plan {
namespace {

constexpr std::size_t kDeepestYaml = 96;
constexpr std::int64_t kMostYamlNodes = 2'000'000;  // of a document
constexpr std::int64_t kMostUnfolded = 4'000'000;   // with aliases written out

[[noreturn]] void refuse(int line, std::string_view what) {
  throw Error(ErrorCode::bad_input, fmt::format("line {}: {}", line, what));
}

/// Builds the tree from the parser's events.
class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, int first_line) : first_line_(first_line) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
    text_ = text;
  }

  YamlPtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(YamlKind::null, mark), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end() || !it->second) refuse(line(mark), "an anchor refers to itself");
    put(it->second, line(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = make(YamlKind::scalar, mark);
    node->text = value;
    const char style = at(mark);
    if (style == '|' || style == '>') {
      node->block = true;
      node->folded = style == '>';
      ++node->line;
    }
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(YamlKind::sequence, mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(YamlKind::map, mark), anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    bool has_key = false;
    std::string key;
    int key_line = 0;
  };

  int line(const YAML::Mark& mark) const { return first_line_ + std::max(mark.line, 0); }

  char at(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= starts_.size()) return 0;
    const std::size_t i =
        starts_[static_cast<std::size_t>(mark.line)] + static_cast<std::size_t>(std::max(mark.column, 0));
    return i < text_.size() ? text_[i] : '\0';
  }

  std::shared_ptr<YamlNode> make(YamlKind kind, const YAML::Mark& mark) {
    if (++nodes_ > kMostYamlNodes) refuse(line(mark), "more than 2,000,000 values in one document");
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = line(mark);
    return node;
  }

  void add(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    if (anchor) anchors_[anchor] = node;
    const int at_line = node->line;
    put(std::move(node), at_line);
  }

  void open(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    if (open_.size() >= kDeepestYaml) refuse(node->line, "nested more than 96 levels deep");
    if (anchor) anchors_[anchor] = nullptr;  // not before it ends
    open_.push_back({std::move(node), anchor, false, {}, 0});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor) anchors_[done.anchor] = done.node;
    const int at_line = done.node->line;
    put(std::move(done.node), at_line);
  }

  void put(YamlPtr node, int at_line) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    YamlNode& p = *parent.node;
    p.unfolded += node->unfolded;
    if (p.unfolded > kMostUnfolded) refuse(at_line, "aliases that unfold to more than 4,000,000 values");
    if (p.kind == YamlKind::sequence) {
      p.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      parent.has_key = true;
      parent.key = node->text;
      parent.key_line = at_line;
    } else {
      parent.has_key = false;
      if (parent.key == "<<") merge(p, *node);
      else set(p, parent.key, std::move(node), parent.key_line);
    }
  }

  static void set(YamlNode& map, const std::string& key, YamlPtr value, int key_line) {
    map.members.emplace_back(key, std::move(value));
    map.key_lines.push_back(key_line);
  }

  /// `<<: *defaults`: members of others, behind those that stand here.
  static void merge(YamlNode& map, const YamlNode& other) {
    if (other.is_list()) {
      for (const YamlPtr& item : other.items) merge(map, *item);
      return;
    }
    for (std::size_t i = 0; i < other.members.size(); ++i) {
      if (map.members.size() > 10000) return;
      if (!map.has(other.members[i].first))
        set(map, other.members[i].first, other.members[i].second, other.key_lines[i]);
    }
  }

  std::string_view text_;
  int first_line_;
  std::vector<std::size_t> starts_;
  std::int64_t nodes_ = 0;
  YamlPtr root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, YamlPtr> anchors_;
};

/// A stream over text that is somebody else's.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

const YamlNode& YamlNode::operator[](std::string_view key) const {
  static const YamlNode kNone;
  // The last of equal keys counts, as in most readers.
  for (std::size_t i = members.size(); i-- > 0;) {
    if (members[i].first == key) return *members[i].second;
  }
  return kNone;
}

std::optional<std::int64_t> YamlNode::number() const {
  return kind == YamlKind::scalar ? units::parse_count(text) : std::nullopt;
}

namespace {

/// The parser looks ahead through all brackets that are open, so that no bound of the tree stops it.
void refuse_brackets(std::string_view text, int line) {
  constexpr int kMostOpen = 10000;
  int open = 0;
  for (const char c : text) {
    if (c == '\n') ++line;
    else if (c == '[' || c == '{') ++open;
    else if ((c == ']' || c == '}') && open > 0) --open;
    if (open > kMostOpen) refuse(line, "more than 10,000 brackets are open");
  }
}

}  // namespace

YamlPtr parse_yaml(std::string_view text, int first_line) {
  refuse_brackets(text, first_line);
  ViewBuffer buffer(text);
  std::istream in(&buffer);
  Builder builder(text, first_line);
  try {
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& e) {
    refuse(first_line + std::max(e.mark.line, 0), fmt::format("no YAML: {}", e.msg));
  }
  if (builder.root()) return builder.root();
  return std::make_shared<YamlNode>();
}

std::vector<std::pair<std::string_view, int>> split_documents(std::string_view text) {
  std::vector<std::pair<std::string_view, int>> out;
  std::size_t begin = 0;
  int line = 1;
  int begin_line = 1;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view l = text.substr(at, end - at);
    if (l.starts_with("---") && (l.size() == 3 || l[3] == ' ' || l[3] == '\r' || l[3] == '\t')) {
      if (at > begin) out.emplace_back(text.substr(begin, at - begin), begin_line);
      // What stands behind the dashes belongs to the document: a comment, mostly.
      begin = end < text.size() ? end + 1 : end;
      begin_line = line + 1;
    }
    at = end + 1;
    ++line;
  }
  if (begin < text.size()) out.emplace_back(text.substr(begin), begin_line);
  return out;
}

}  // namespace qwenfit::plan
