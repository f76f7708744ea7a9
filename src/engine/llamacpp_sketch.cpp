#include "llamacpp_sketch.hpp"

#include <algorithm>
#include <numeric>

#include "llamacpp_hash.hpp"

namespace qwenfit::engine::llamacpp {
namespace {

constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

/// Numbers of equal values: the first of each, counted from 0.
template <class T>
std::vector<std::size_t> numbered(const std::vector<T>& values) {
  std::vector<std::size_t> out;
  std::vector<T> firsts;
  for (const T& v : values) {
    const auto it = std::find(firsts.begin(), firsts.end(), v);
    out.push_back(static_cast<std::size_t>(it - firsts.begin()));
    if (it == firsts.end()) firsts.push_back(v);
  }
  return out;
}

/// How many different values there are ahead of each place. As the sets ahead only grow, equal numbers are
/// equal sets.
std::vector<std::size_t> met_before(const std::vector<std::size_t>& values) {
  std::vector<std::size_t> out;
  std::vector<bool> met(values.size());
  std::size_t count = 0;
  for (const std::size_t v : values) {
    out.push_back(count);
    if (!met[v]) ++count;
    met[v] = true;
  }
  return out;
}

/// What decides how a layer is treated:
/// - its place in the model's period; first layers with something of their own are like no other;
/// - where it, its predecessor and the layers up to one period behind its successor are: splits between
///   backends begin with copies of what is needed until the next one;
/// - what kinds there are before and behind it: the first that needs an input on a backend copies it, the
/// last
///   gives it back.
std::vector<std::size_t> signs_of(const ModelShape& shape, const Placement& placement) {
  const std::size_t n = placement.layers.size();
  const auto period = static_cast<std::size_t>(std::max(1, shape.interval));
  const auto own = static_cast<std::size_t>(std::max(shape.deepstack, 0));
  std::vector<std::pair<std::int16_t, bool>> at;
  for (const LayerWeights& l : placement.layers) at.emplace_back(l.backend, l.experts_on_host);
  const std::vector<std::size_t> places = numbered(at);
  std::vector<std::size_t> sorts(n);  // places, layers with and without attention apart
  for (std::size_t i = 0; i < n; ++i) sorts[i] = 2 * places[i] + (shape.linear(static_cast<int>(i)) ? 1 : 0);
  sorts = numbered(sorts);
  const std::vector<std::size_t> before = met_before(sorts);
  std::reverse(sorts.begin(), sorts.end());
  std::vector<std::size_t> behind = met_before(sorts);
  std::reverse(behind.begin(), behind.end());
  std::vector<Hash> signs(n);
  for (std::size_t i = 0; i < n; ++i) {
    signs[i].add(i < own ? period + i : i % period, before[i], behind[i], i == 0 ? kNowhere : places[i - 1]);
    for (std::size_t j = i; j <= i + period + 1; ++j) signs[i].add(j < n ? places[j] : kNowhere);
  }
  return numbered(signs);
}

}  // namespace

std::vector<LayerWeights> Sketch::of(const std::vector<LayerWeights>& all) const {
  std::vector<LayerWeights> out;
  out.reserve(kept.size());
  for (const std::size_t i : kept) out.push_back(all[i]);
  return out;
}

Sketch sketch_of(const ModelShape& shape, const Placement& placement) {
  const std::size_t n = placement.layers.size();
  Sketch out;
  if (shape.streams > 0) {  // every layer of Qwen4Exp has memory that is planned ahead of all others'
    out.kept.resize(n);
    std::iota(out.kept.begin(), out.kept.end(), std::size_t{0});
    out.like = out.kept;
    return out;
  }
  const std::vector<std::size_t> signs = signs_of(shape, placement);
  std::vector<std::size_t> last(n);
  for (std::size_t i = 0; i < n; ++i) last[signs[i]] = i;
  std::vector<std::size_t> kept_as(n, kNowhere);
  for (std::size_t i = 0; i < n; ++i) {
    // Layers from here up to a later one with the same sign can go without changing any other's, when none of
    // them is the last of its kind.
    std::size_t next = i;
    std::size_t reach = n;
    for (std::size_t j = i + 1; j < n; ++j) {
      if (kept_as[signs[j - 1]] == kNowhere) reach = std::min(reach, last[signs[j - 1]]);
      if (reach < j) break;
      if (signs[j] == signs[i]) next = j;
    }
    i = next;
    kept_as[signs[i]] = out.kept.size();
    out.kept.push_back(i);
  }
  for (const std::size_t sign : signs) out.like.push_back(kept_as[sign]);
  return out;
}

}  // namespace qwenfit::engine::llamacpp
