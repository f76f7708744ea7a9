// Options that stand in a map (values of a chart, an option file, keyword arguments) as words of a command
// line.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// What a value is for an engine that reads it as JSON.
nlohmann::json json_of(const YamlNode& node) {
  nlohmann::json out;
  switch (node.kind) {
    case YamlKind::null: break;
    case YamlKind::scalar: {
      const nlohmann::json number = nlohmann::json::parse(node.text, nullptr, false);
      out = number.is_number() || number.is_boolean() ? number : nlohmann::json(node.text);
      break;
    }
    case YamlKind::sequence:
      out = nlohmann::json::array();
      for (const YamlPtr& item : node.items) out.push_back(json_of(*item));
      break;
    case YamlKind::map:
      out = nlohmann::json::object();
      for (const auto& [key, value] : node.members) out[key] = json_of(*value);
      break;
  }
  return out;
}

/// Aliases may unfold to far more than a flag ever holds.
constexpr std::int64_t kMostNodes = 1000;

}  // namespace

std::vector<Word> words_of_options(const YamlNode& map) {
  std::vector<Word> words;
  Variables none;
  for (std::size_t i = 0; i < map.members.size(); ++i) {
    const auto& [key, value] = map.members[i];
    const std::string name = "--" + option_name(key);
    const int line = map.key_lines[i];
    if (value->is_scalar()) {
      const Word word = expanded_word(*value, Dialect::shell, none);
      if (word.text.empty() || word.text == "true" || word.text == "True") words.push_back({name, line, {}});
      else if (word.text == "false" || word.text == "False") words.push_back({name + "=false", line, {}});
      else words.push_back({name + "=" + word.text, line, word.unresolved});
    } else if (value->is_map()) {
      // {method: mtp, num_speculative_tokens: 2}
      if (value->unfolded <= kMostNodes)
        words.push_back(
            {name + "=" + json_of(*value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
             value->line,
             {}});
    } else if (value->is_list()) {
      words.push_back({name, line, {}});
      for (const YamlPtr& item : value->items) {
        if (item->is_scalar()) words.push_back(item->word());
      }
    } else {
      words.push_back({name, line, {}});
    }
  }
  return words;
}

}  // namespace qwenfit::plan
