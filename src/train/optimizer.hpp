// What optimizers keep per trained parameter.
#pragma once

#include <string_view>

namespace qwenfit::train {

struct Optimizer {
  std::string_view name;
  double states;   ///< values per parameter
  bool eight_bit;  ///< one byte a value, whatever type the parameters have
};

/// By the names that frameworks use: "adamw_torch", "adamw_8bit", "paged_adamw_8bit", "sgd" ...
/// @throws Error(unknown_name) with the nearest one.
const Optimizer& find_optimizer(std::string_view name);

}  // namespace qwenfit::train
