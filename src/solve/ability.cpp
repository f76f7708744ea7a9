// Item response theory by least squares: log-odds of a score = slope of the test x ability of the model +
// easiness of the test.
#include "qwenfit/ability.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace qwenfit {
namespace {

using catalog::Benchmark;
using catalog::UseCase;

/// Scores nearer to none or all than this tell no more than that.
constexpr double kEdge = 0.01;
/// Deviations, in log-odds, from which a score counts less (Huber).
constexpr double kOutlier = 0.5;
/// How many tests' weight the prior has: an ability with few tests stays near it.
constexpr double kPriorOfText = 1.0;
constexpr double kPriorOfNothing = 0.1;
/// How strongly a test's slope is held at 1, and how far it may go: a test that tells models apart hardly or
/// sharply. Chosen by predicting scores left out (docs/recommend.md).
constexpr double kPriorOfSlope = 1.0;
constexpr double kLeastSlope = 0.2;
constexpr double kMostSlope = 3;
constexpr int kRounds = 8;
/// Thin evidence: fewer tests than this, or an error of more than this, in log-odds.
constexpr int kFewTests = 3;
constexpr double kLargeError = 0.4;

struct Observation {
  int subject;
  int test;
  double log_odds;
  double weight = 1;
};

/// Variants of models, numbered as they come.
struct Subjects {
  using Name = std::pair<std::string_view, std::string_view>;  ///< model, variant
  std::vector<Name> names;
  std::map<Name, int> numbers;

  int find(std::string_view model, std::string_view variant) {
    const auto [it, added] = numbers.try_emplace({model, variant}, static_cast<int>(names.size()));
    if (added) names.emplace_back(model, variant);
    return it->second;
  }
};

double log_odds(double score, const Benchmark& test) {
  double share = std::clamp(score / test.scale, kEdge, 1 - kEdge);
  if (test.lower_is_better) share = 1 - share;
  return std::log(share / (1 - share));
}

/// One observation for each subject and test: what several sources say of it is averaged. Tests that one
/// subject alone took are left out, as they compare nobody.
std::vector<Observation> observe(Subjects& subjects, std::uint16_t uses) {
  std::map<std::pair<int, int>, std::pair<double, int>> sums;
  for (const catalog::ScoreReport& report : catalog::score_reports()) {
    for (const catalog::Score& score : report.scores) {
      const Benchmark& test = catalog::benchmarks()[score.benchmark];
      if ((test.uses & uses) == 0 || test.scale <= 0) continue;
      auto& [sum, count] = sums[{score.benchmark, subjects.find(report.model, report.variant)}];
      sum += log_odds(static_cast<double>(score.value), test);
      ++count;
    }
  }
  std::map<int, int> takers;
  for (const auto& [key, unused] : sums) ++takers[key.first];
  std::vector<Observation> out;
  for (const auto& [key, sum] : sums) {
    if (takers[key.first] > 1) out.push_back({key.second, key.first, sum.first / sum.second});
  }
  return out;
}

/// A symmetric positive definite matrix, and its Cholesky factor in place.
class Matrix {
 public:
  explicit Matrix(std::size_t n) : n_(n), cells_(n * n) {}
  double& at(std::size_t row, std::size_t col) { return cells_[row * n_ + col]; }
  double at(std::size_t row, std::size_t col) const { return cells_[row * n_ + col]; }

  void factor() {
    for (std::size_t j = 0; j < n_; ++j) {
      for (std::size_t i = j; i < n_; ++i) {
        const double* a = &cells_[i * n_];
        const double* b = &cells_[j * n_];
        const double rest = at(i, j) - std::inner_product(a, a + j, b, 0.0);
        at(i, j) = i == j ? std::sqrt(std::max(rest, 1e-12)) : rest / at(j, j);
      }
    }
  }

  /// Solves L y = b in place, from row `first` on; y is 0 above it.
  void forward(std::vector<double>& b, std::size_t first = 0) const {
    for (std::size_t i = first; i < n_; ++i) {
      for (std::size_t k = first; k < i; ++k) b[i] -= at(i, k) * b[k];
      b[i] /= at(i, i);
    }
  }
  void backward(std::vector<double>& b) const {
    for (std::size_t i = n_; i-- > 0;) {
      for (std::size_t k = i + 1; k < n_; ++k) b[i] -= at(k, i) * b[k];
      b[i] /= at(i, i);
    }
  }
  /// The diagonal of the inverse at `i`.
  double inverse(std::size_t i) const {
    std::vector<double> unit(n_);
    unit[i] = 1;
    forward(unit, i);
    return std::inner_product(unit.begin(), unit.end(), unit.begin(), 0.0);
  }

 private:
  std::size_t n_;
  std::vector<double> cells_;
};

/// A test, and the scores in it.
struct Test {
  std::vector<std::size_t> rows;
  double slope = 1;
  double easiness = 0;
};

struct Fitted {
  std::vector<double> ability;
  std::vector<double> error;
  double slope = 1;  ///< of the average test
  double easiness = 0;
};

std::vector<Test> tests_of(const std::vector<Observation>& rows) {
  std::map<int, Test> grouped;
  for (std::size_t r = 0; r < rows.size(); ++r) grouped[rows[r].test].rows.push_back(r);
  std::vector<Test> out;
  for (auto& [unused, test] : grouped) out.push_back(std::move(test));
  return out;
}

struct Means {
  double weight = 0, ability = 0, log_odds = 0;
};

/// Weighted means over those that took `test`.
Means means_of(const std::vector<Observation>& rows, const Test& test, const std::vector<double>& ability) {
  Means m;
  for (const std::size_t r : test.rows) {
    m.weight += rows[r].weight;
    m.ability += rows[r].weight * ability[static_cast<std::size_t>(rows[r].subject)];
    m.log_odds += rows[r].weight * rows[r].log_odds;
  }
  m.ability /= m.weight;
  m.log_odds /= m.weight;
  return m;
}

/// The easiness is eliminated: what is left is one equation for each subject.
Matrix normal_equations(const std::vector<Observation>& rows, const std::vector<Test>& tests,
                        const std::vector<double>& prior, double strength, std::vector<double>& right) {
  const std::size_t n = prior.size();
  Matrix left(n);
  for (std::size_t i = 0; i < n; ++i) {
    left.at(i, i) = strength;
    right[i] = strength * prior[i];
  }
  for (const Test& test : tests) {
    const Means mean = means_of(rows, test, prior);
    const double square = test.slope * test.slope;
    for (const std::size_t r : test.rows) {
      const auto i = static_cast<std::size_t>(rows[r].subject);
      left.at(i, i) += rows[r].weight * square;
      right[i] += rows[r].weight * test.slope * (rows[r].log_odds - mean.log_odds);
      for (const std::size_t s : test.rows) {
        left.at(i, static_cast<std::size_t>(rows[s].subject)) -=
            rows[r].weight * rows[s].weight * square / mean.weight;
      }
    }
  }
  return left;
}

/// The slope and easiness of `test` with the abilities as they are.
void fit_test(const std::vector<Observation>& rows, const std::vector<double>& ability, Test& test) {
  const Means mean = means_of(rows, test, ability);
  double product = kPriorOfSlope, square = kPriorOfSlope;
  for (const std::size_t r : test.rows) {
    const double off = ability[static_cast<std::size_t>(rows[r].subject)] - mean.ability;
    product += rows[r].weight * off * (rows[r].log_odds - mean.log_odds);
    square += rows[r].weight * off * off;
  }
  test.slope = std::clamp(product / square, kLeastSlope, kMostSlope);
  test.easiness = mean.log_odds - test.slope * mean.ability;
}

/// Abilities, slopes and weights in turn. The scale of the abilities follows from the slopes being held at 1.
Fitted fit(std::vector<Observation> rows, const std::vector<double>& prior, double strength) {
  std::vector<Test> tests = tests_of(rows);
  Fitted out;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> right(prior.size());
    Matrix left = normal_equations(rows, tests, prior, strength, right);
    left.factor();
    left.forward(right);
    left.backward(right);
    out.ability = std::move(right);
    double spread = 0;
    for (Test& test : tests) {
      fit_test(rows, out.ability, test);
      for (const std::size_t r : test.rows) {
        Observation& row = rows[r];
        const double expected =
            test.slope * out.ability[static_cast<std::size_t>(row.subject)] + test.easiness;
        const double off = std::abs(row.log_odds - expected);
        spread += row.weight * off * off;
        row.weight = off > kOutlier ? kOutlier / off : 1;
      }
    }
    if (round + 1 < kRounds) continue;
    const double variance =
        spread / std::max<double>(1, static_cast<double>(rows.size()) - static_cast<double>(tests.size()));
    for (std::size_t i = 0; i < prior.size(); ++i) out.error.push_back(std::sqrt(variance * left.inverse(i)));
  }
  if (tests.empty()) return out;
  out.slope = 0;
  for (const Test& test : tests) {
    out.slope += test.slope / static_cast<double>(tests.size());
    out.easiness += test.easiness / static_cast<double>(tests.size());
  }
  return out;
}

constexpr std::uint16_t bit(UseCase use) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(use));
}
constexpr std::uint16_t kText = bit(UseCase::chat) | bit(UseCase::code) | bit(UseCase::math) |
                                bit(UseCase::agents) | bit(UseCase::long_context) |
                                bit(UseCase::multilingual);

}  // namespace

double expected_score(double ability) {
  return 100 / (1 + std::exp(-ability));
}

double Ability::expected_score() const {
  return qwenfit::expected_score(value);
}

double Ability::cautious_score() const {
  return qwenfit::expected_score(value - error);
}

const Ability* ability_of(const std::vector<Ability>& all, std::string_view model) {
  const Ability* best = nullptr;
  const auto rank = [](const Ability& a) { return std::pair(a.variant != "base", a.value - a.error); };
  for (const Ability& a : all) {
    if (a.model == model && (!best || rank(a) > rank(*best))) best = &a;
  }
  return best;
}

std::vector<Ability> abilities(UseCase use) {
  Subjects subjects;
  const bool text = (bit(use) & kText) != 0;
  const std::vector<Observation> all = text ? observe(subjects, kText) : std::vector<Observation>{};
  const std::vector<Observation> own = observe(subjects, bit(use));
  std::vector<double> prior(subjects.names.size());
  if (text) prior = fit(all, prior, kPriorOfNothing).ability;
  const Fitted fitted = fit(own, prior, text ? kPriorOfText : kPriorOfNothing);

  std::vector<int> tests(subjects.names.size());
  for (const Observation& row : own) ++tests[static_cast<std::size_t>(row.subject)];
  std::vector<Ability> out;
  for (std::size_t i = 0; i < subjects.names.size(); ++i) {
    if (tests[i] == 0) continue;
    Ability a;
    a.model = subjects.names[i].first;
    a.variant = subjects.names[i].second;
    a.value = fitted.slope * fitted.ability[i] + fitted.easiness;
    a.error = fitted.slope * fitted.error[i];
    a.tests = tests[i];
    a.thin = a.tests < kFewTests || a.error > kLargeError;
    out.push_back(a);
  }
  return out;
}

}  // namespace qwenfit
