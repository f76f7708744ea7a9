// The tolerant half of the model search: names as sets of words.
//
// A name of the catalog reads family and line, size, kind: "Qwen3-VL | 30B | A3B | Instruct". What people
// write holds the same words and more: owners, formats, the names of fine-tunes. A record answers when its
// line and size are in the query, and the query names no other line or size that the catalog knows.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/catalog.hpp"
#include "words.hpp"

namespace qwenfit::catalog {

/// The words of a query, sorted out. Numbers are indices of the vocabulary.
struct ModelQuery {
  std::vector<int> line;     ///< known words ahead of the size: qwen3 vl
  std::vector<int> kind;     ///< known words behind it: instruct 2507
  std::vector<int> sizes;    ///< 30b; -1 for a size that no model of the catalog has
  double billions = 0;       ///< the first of them
  std::vector<int> actives;  ///< a3b; likewise
  std::vector<std::string> unknown;
  bool unknown_ahead = false;  ///< some of `unknown` stand ahead of the family
  int family = -1;             ///< the last word that starts a line: qwen3
};

struct ModelCandidate {
  int record;
  int variant;  ///< -1: the record itself
  int dropped;  ///< known words of the query that it lacks
  int missing;  ///< kind words of it that the query lacks
};

class ModelNames {
 public:
  explicit ModelNames(const std::vector<const Model*>& models);

  /// Sorts out `words`; `skip[i]` leaves out the i-th (a format, say).
  ModelQuery query(std::span<const Word> words, const std::vector<bool>& skip) const;

  /// Who answers to `query`, best first.
  std::vector<ModelCandidate> match(const ModelQuery& query) const;

  /// A record of each size of the line of `query`, nearest size first; without a size in the query, smallest.
  std::vector<int> same_line(const ModelQuery& query) const;

  /// Whether `words` name a family at all: qwen3, qwq, deepseek ...
  bool has_family(std::span<const Word> words) const;

 private:
  struct Name {
    int record;
    int variant;
    std::vector<int> line, kind, sizes, actives;
    std::vector<int> all;  ///< sorted, with the word of the record's kind
    double billions;       ///< total size
  };

  int find(std::string_view word) const;
  /// The size that all models of `line` share, if they do.
  std::vector<int> only_size(const std::vector<int>& line) const;
  void add_name(std::string_view name, int record, int variant, std::string_view kind);
  /// Glued and split spellings: "qwen 3", "qwen36", "qwen2.5vl", "8 b".
  std::vector<std::string> spelt_out(std::span<const Word> words, const std::vector<bool>& skip) const;

  std::vector<std::string> vocabulary_;  ///< sorted
  std::vector<bool> family_;             ///< per word: starts a line
  std::vector<Name> names_;
};

/// The billions that a size word means: "30b", "0.6b", "494m", "2.4t"; negative when it is none.
double size_word(std::string_view word);

}  // namespace qwenfit::catalog
