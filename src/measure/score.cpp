#include <algorithm>
#include <cmath>

#include "qwenfit/measure.hpp"

namespace qwenfit::measure {
namespace {

struct Weighted {
  double value;
  double weight;
};

/// The value below which `share` of the weight lies.
double quantile(std::vector<Weighted> values, double share) {
  std::sort(values.begin(), values.end(),
            [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  double all = 0;
  for (const Weighted& v : values) all += v.weight;
  double sum = 0;
  for (const Weighted& v : values) {
    sum += v.weight;
    if (sum >= share * all) return v.value;
  }
  return values.empty() ? 0 : values.back().value;
}

}  // namespace

Score score(std::span<const Comparison* const> group, bool by_cell) {
  Score s;
  s.n = static_cast<int>(group.size());
  if (group.empty()) return s;
  std::map<std::string, int> cells;
  for (const Comparison* c : group) ++cells[c->row->cell];
  s.cells = static_cast<int>(cells.size());
  std::vector<Weighted> errors, sizes;
  double all = 0, with_interval = 0, inside = 0;
  for (const Comparison* c : group) {
    const double weight = by_cell ? 1.0 / cells[c->row->cell] : 1.0;
    const double error = c->error();
    errors.push_back({error, weight});
    sizes.push_back({std::fabs(error), weight});
    all += weight;
    s.equal += c->equal() ? weight : 0;
    s.within_5 += std::fabs(error) <= 0.05 ? weight : 0;
    s.within_10 += std::fabs(error) <= 0.10 ? weight : 0;
    s.within_20 += std::fabs(error) <= 0.20 ? weight : 0;
    if (const auto covered = c->covered()) {
      with_interval += weight;
      inside += *covered ? weight : 0;
    }
  }
  s.bias = quantile(errors, 0.5);
  s.median = quantile(sizes, 0.5);
  s.p90 = quantile(sizes, 0.9);
  for (double* share : {&s.equal, &s.within_5, &s.within_10, &s.within_20}) *share /= all;
  if (with_interval > 0) s.coverage = inside / with_interval;
  return s;
}

}  // namespace qwenfit::measure
