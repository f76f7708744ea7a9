// Rasch-like least squares: log-odds of a score = ability of the model - difficulty of the test.
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
constexpr double kPriorOfNothing = 0.05;
constexpr int kRounds = 6;
/// Thin evidence: fewer tests than this, or an error of more than this, in log-odds.
constexpr int kFewTests = 3;
constexpr double kLargeError = 0.4;

struct Observation {
  int subject;
  int test;
  double log_odds;
  double weight = 1;
};

struct Subjects {
  std::vector<std::pair<std::string_view, std::string_view>> names;  ///< model, variant

  int find(std::string_view model, std::string_view variant) {
    // Reports stand in the order of models, so a known one is near the end.
    for (std::size_t i = names.size(); i-- > 0 && names[i].first == model;) {
      if (names[i].second == variant) return static_cast<int>(i);
    }
    names.emplace_back(model, variant);
    return static_cast<int>(names.size()) - 1;
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

struct Fitted {
  std::vector<double> ability;
  std::vector<double> error;
  std::vector<double> mean;  ///< mean difficulty of the tests, one value
};

/// The difficulties are eliminated: what is left is one equation for each subject.
Matrix normal_equations(const std::vector<Observation>& rows,
                        const std::vector<std::vector<std::size_t>>& by_test,
                        const std::vector<double>& prior, double strength, std::vector<double>& right) {
  const std::size_t n = prior.size();
  Matrix left(n);
  for (std::size_t i = 0; i < n; ++i) {
    left.at(i, i) = strength;
    right[i] = strength * prior[i];
  }
  for (const auto& test : by_test) {
    double weight = 0, sum = 0;
    for (const std::size_t r : test) {
      weight += rows[r].weight;
      sum += rows[r].weight * rows[r].log_odds;
    }
    for (const std::size_t r : test) {
      const auto i = static_cast<std::size_t>(rows[r].subject);
      left.at(i, i) += rows[r].weight;
      right[i] += rows[r].weight * (rows[r].log_odds - sum / weight);
      for (const std::size_t s : test)
        left.at(i, static_cast<std::size_t>(rows[s].subject)) -= rows[r].weight * rows[s].weight / weight;
    }
  }
  return left;
}

/// Each test's mean of (log-odds - ability): its easiness.
std::vector<double> easiness_of(const std::vector<Observation>& rows,
                                const std::vector<std::vector<std::size_t>>& by_test,
                                const std::vector<double>& ability) {
  std::vector<double> out;
  for (const auto& test : by_test) {
    double weight = 0, sum = 0;
    for (const std::size_t r : test) {
      weight += rows[r].weight;
      sum += rows[r].weight * (rows[r].log_odds - ability[static_cast<std::size_t>(rows[r].subject)]);
    }
    out.push_back(sum / weight);
  }
  return out;
}

/// Abilities around 0, with the mean easiness of the tests added, so that their scale is that of a score.
Fitted fit(std::vector<Observation> rows, const std::vector<double>& prior, double strength) {
  std::map<int, std::vector<std::size_t>> grouped;
  for (std::size_t r = 0; r < rows.size(); ++r) grouped[rows[r].test].push_back(r);
  std::vector<std::vector<std::size_t>> by_test;
  for (auto& [unused, test] : grouped) by_test.push_back(std::move(test));

  Fitted out;
  double spread = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> right(prior.size());
    Matrix left = normal_equations(rows, by_test, prior, strength, right);
    left.factor();
    left.forward(right);
    left.backward(right);
    out.ability = std::move(right);
    const std::vector<double> easiness = easiness_of(rows, by_test, out.ability);
    spread = 0;
    for (std::size_t t = 0; t < by_test.size(); ++t) {
      for (const std::size_t r : by_test[t]) {
        Observation& row = rows[r];
        const double off =
            std::abs(row.log_odds - out.ability[static_cast<std::size_t>(row.subject)] - easiness[t]);
        spread += row.weight * off * off;
        row.weight = off > kOutlier ? kOutlier / off : 1;
      }
    }
    out.mean = {std::accumulate(easiness.begin(), easiness.end(), 0.0) /
                std::max<double>(1, static_cast<double>(easiness.size()))};
    if (round + 1 < kRounds) continue;
    const double variance =
        spread / std::max<double>(1, static_cast<double>(rows.size()) - static_cast<double>(by_test.size()));
    for (std::size_t i = 0; i < prior.size(); ++i) out.error.push_back(std::sqrt(variance * left.inverse(i)));
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
    a.value = fitted.ability[i] + fitted.mean.front();
    a.error = fitted.error[i];
    a.tests = tests[i];
    a.thin = a.tests < kFewTests || a.error > kLargeError;
    out.push_back(a);
  }
  return out;
}

}  // namespace qwenfit
