#include "shell_script.hpp"

#include "shell_reader.hpp"

namespace qwenfit::plan {

std::vector<ShellCommand> read_shell(std::string_view text, int first_line, Variables& variables,
                                     bool (*keep)(const std::vector<Word>&)) {
  Script script;
  return ShellReader(text, first_line, variables, keep, script).run();
}

std::vector<Word> split_words(std::string_view text, int first_line) {
  std::vector<Word> words;
  Word word;
  bool in_word = false;
  int line = first_line;
  const auto begin = [&] {
    if (!in_word) word = {"", line, {}};
    in_word = true;
  };
  const auto end = [&] {
    if (in_word && words.size() < kMostWords) words.push_back(std::move(word));
    in_word = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      end();
      ++line;
    } else if (blank(c)) {
      end();
    } else if (c == '#' && !in_word) {
      while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
    } else if (c == '\\' && i + 1 < text.size()) {
      ++i;
      if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      if (text[i] == '\n') {
        end();
        ++line;
      } else {
        begin();
        word.text += text[i];
      }
    } else if (c == '\'' || c == '"') {
      begin();
      for (++i; i < text.size() && text[i] != c; ++i) {
        if (c == '"' && text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\'))
          ++i;
        if (text[i] == '\n') ++line;
        word.text += text[i];
      }
    } else {
      begin();
      word.text += c;
    }
  }
  end();
  return words;
}

}  // namespace qwenfit::plan
