// Texts inside texts: here-documents of scripts, fenced blocks of prose.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qwenfit::plan {

/// A text that stands in another.
struct Embedded {
  std::string text;         ///< without the indentation that all its lines share
  int line = 1;             ///< of the file, of the first line of `text`
  bool expands = false;     ///< a here-document in which a shell puts variables in
  std::string_view word{};  ///< of a fence: "python"; of a here-document: the file it is written to, if any
};

/// Here-documents of a script or of commands in prose, those ended by an indented mark too; at most 200.
std::vector<Embedded> here_documents(std::string_view text, int first_line);

/// Blocks between lines of ``` in prose; at most 200.
std::vector<Embedded> fenced_blocks(std::string_view text, int first_line);

}  // namespace qwenfit::plan
