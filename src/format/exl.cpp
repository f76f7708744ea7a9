// EXL2 and EXL3: an average of bits per weight over the projections, chosen when converting, and 6 bits for
// the head (also of tied models, whose embedding stays in 16 bit). EXL3 adds a sign and scale vector per side
// of a matrix (exllamav3 modules/quant/exl3.py: suh, svh, mcg) and stores an MTP block in 4 bits; EXL2's
// average includes all of its overhead. Averages are met to about a layer group (conversion/allocation.py),
// so sizes are not exact.
#include <cmath>

#include "checkpoint.hpp"

namespace qwenfit::format {

using catalog::Scheme;
using model::Part;
using model::Tensor;

Recipe exl(const Job& job) {
  constexpr double kHeadBits = 6;
  constexpr double kMtpBits = 4;
  const bool exl3 = job.format.scheme == Scheme::exl3;
  Recipe recipe;
  recipe.rest = "f16";
  recipe.stores_mtp = exl3;
  recipe.stores_copies = false;
  recipe.packs_tied_head = true;
  recipe.relative_error = 0.01;  // assumed: no published size to hold it against
  recipe.packs = [](const Tensor& t) { return is_projection(t) || use_of(t) == Use::head; };
  recipe.pack = [&job, exl3](const Tensor& t) {
    const double bits = use_of(t) == Use::head ? kHeadBits : t.part == Part::mtp ? kMtpBits : job.format.bits;
    const auto values = static_cast<Bytes>(std::llround(static_cast<double>(t.elements()) * bits / 8));
    const Bytes side = exl3 ? (2 * (t.rows + t.cols) + 4) * t.count : 0;
    return Packed{&dtype(job.catalog, job.format.base), values, side};
  };
  return recipe;
}

}  // namespace qwenfit::format
