#include "ladder.hpp"

#include <algorithm>
#include <array>

namespace qwenfit {
namespace {

constexpr std::array<std::string_view, 22> kLadder{
    "bf16",        "fp8",         "q8_0",        "mlx-8bit",   "exl3-8.0bpw", "q6_k",
    "mlx-6bit",    "exl3-6.0bpw", "q5_k_m",      "mlx-5bit",   "exl3-5.0bpw", "q4_k_m",
    "awq-int4",    "mlx-4bit",    "exl3-4.0bpw", "iq4_xs",     "q3_k_m",      "mlx-3bit",
    "exl3-3.0bpw", "iq3_xxs",     "q2_k",        "exl3-2.0bpw"};

}  // namespace

bool runs(const catalog::Engine& engine, const catalog::WeightFormat& format) {
  return std::find(engine.schemes.begin(), engine.schemes.end(), catalog::scheme_name(format.scheme)) !=
         engine.schemes.end();
}

std::vector<const catalog::WeightFormat*> usual_formats(const catalog::Catalog& catalog,
                                                        const catalog::Engine& engine) {
  std::vector<const catalog::WeightFormat*> out;
  for (const std::string_view id : kLadder) {
    const catalog::WeightFormat* format = catalog.format(id);
    if (!format || !runs(engine, *format)) continue;
    if (format->scheme == catalog::Scheme::plain && engine.default_format != format->id) continue;
    out.push_back(format);
  }
  return out;
}

}  // namespace qwenfit
