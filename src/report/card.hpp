// A card: what is known of one thing, in sections of labelled facts. Filled once, printed in every form.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/catalog.hpp"
#include "table.hpp"

namespace qwenfit::report {

/// A fact of a card: one value, or a list of them.
struct CardFact {
  std::string key;    ///< stable name for CSV and JSON, unit included
  std::string label;  ///< for people; empty: the values stand as paragraphs or points
  std::vector<Cell> values;
  bool list = false;  ///< JSON: an array even of one
  std::string mark;   ///< "derived" or "unverified", where the catalog says so
};

struct CardSection {
  std::string title;  ///< empty: at the top, without heading
  std::vector<CardFact> facts;
};

struct Card {
  std::string kind;  ///< "model", "device", "format", "engine"
  std::string id;
  std::string title;
  std::vector<CardSection> sections;

  CardSection& section(std::string heading) {
    sections.push_back({std::move(heading), {}});
    return sections.back();
  }
};

/// Adds facts to the last section of a card; what is not known is left out.
class CardFiller {
 public:
  /// @param derived, unverified sentences of the record; one that begins with the key of a fact marks it.
  CardFiller(Card& card, catalog::Texts derived, catalog::Texts unverified)
      : card_(card), derived_(derived), unverified_(unverified) {}

  void section(std::string heading) { card_.section(std::move(heading)); }
  void text(std::string key, std::string label, std::string_view value);
  void count(std::string key, std::string label, std::int64_t value, std::string_view unit = "");
  void figure(std::string key, std::string label, std::optional<double> value, std::string_view unit = "");
  void cell(std::string key, std::string label, Cell value);
  void list(std::string key, std::string label, const catalog::Texts& values);
  void list(std::string key, std::string label, std::vector<std::string> values);

 private:
  void add(CardFact fact);

  Card& card_;
  catalog::Texts derived_, unverified_;
};

/// JSON is one object; CSV has a line for every value (key, value, mark).
std::string render(const Card& card, Form form, const Style& style);

}  // namespace qwenfit::report
