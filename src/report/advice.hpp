// The answers that weigh models against each other, as tables: cost, comparison, recommendation.
#pragma once

#include <string>
#include <vector>

#include "qwenfit/compare.hpp"
#include "qwenfit/cost.hpp"
#include "qwenfit/guide.hpp"
#include "qwenfit/recommend.hpp"
#include "table.hpp"

namespace qwenfit::report {

/// Dollars as price lists print them: whole from 10 on, cents below, three digits for fractions of a cent.
std::string dollars(double usd);

/// `qwenfit cost`: one row per number of sequences.
Table cost_table(const std::vector<CostAt>& rows);

/// A table of an answer that has several; `key` names its rows in JSON.
struct Section {
  std::string key;
  Table table;
};

/// The sections one below the other; in JSON an object of arrays.
std::string render(const std::vector<Section>& sections, Form form, const Style& style);

/// `qwenfit compare`: one row per figure, one column for each that is compared; and what is said in words.
std::vector<Section> comparison_sections(const Comparison& comparison);

/// `qwenfit recommend`: the answers in order, what the next better one needs, the upgrade path, what is left
/// out.
/// @param most rows of the first table.
std::vector<Section> recommendation_sections(const Recommendation& recommendation, std::size_t most);

/// `qwenfit recommend --generation G`: models, hardware, scores, cost, upgrade path.
std::vector<Section> guide_sections(const Guide& guide);

}  // namespace qwenfit::report
