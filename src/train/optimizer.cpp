#include "optimizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "catalog/nearest.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::train {
namespace {

// Adafactor keeps sums of rows and columns only; momentum-free SGD keeps nothing.
constexpr std::array kOptimizers{
    Optimizer{"adamw", 2, false}, Optimizer{"adamw8bit", 2, true}, Optimizer{"adam", 2, false},
    Optimizer{"lion", 1, false},  Optimizer{"lion8bit", 1, true},  Optimizer{"muon", 1, false},
    Optimizer{"sgd", 0, false},   Optimizer{"momentum", 1, false}, Optimizer{"adafactor", 0, false}};

/// "paged_adamw_bnb_8bit" and "adamw_torch_fused" are AdamW all the same.
std::string plain_name(std::string_view name) {
  std::string folded = catalog::fold_name(name);
  for (const std::string_view word :
       {"paged", "torch", "fused", "bnb", "hf", "32bit", "npu", "xla", "apex", "dist"}) {
    const std::size_t at = folded.find(word);
    if (at != std::string::npos) folded.erase(at, word.size());
  }
  return folded;
}

}  // namespace

const Optimizer& find_optimizer(std::string_view name) {
  const std::string plain = plain_name(name);
  std::vector<std::string_view> known;
  for (const Optimizer& optimizer : kOptimizers) {
    if (optimizer.name == plain) return optimizer;
    known.push_back(optimizer.name);
  }
  throw Error(ErrorCode::unknown_name,
              fmt::format("unknown optimizer '{}'{}", name, catalog::did_you_mean(plain, known)));
}

}  // namespace qwenfit::train
