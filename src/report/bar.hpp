// What fills a device, as a bar and as the figures that go with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/estimate.hpp"
#include "screen.hpp"

namespace qwenfit::report {

struct Part {
  std::string_view mark;  ///< one column wide, tells parts apart without colour
  std::string_view label;
  Tone tone = Tone::plain;
  Bytes bytes = 0;
  std::string remark;
};

/// One device, or several that hold the same.
struct Bar {
  std::string name;
  int count = 1;
  std::vector<Part> parts;  ///< only those that weigh something
  Bytes total = 0;
  Bytes usable = 0;    ///< 0: nothing is known of the device
  Bytes capacity = 0;  ///< at least usable
  /// Bytes that the whole length stands for.
  Bytes extent() const { return std::max(total, capacity); }
};

/// A bar for every device of the estimate, equal ones together, then one for the host where it holds
/// something. Of a fine-tuning estimate: its training memory.
std::vector<Bar> bars_of(const Estimate& estimate);

/// The bar, `width` columns long: its parts, what stays free and what the engine can't have. What goes
/// beyond the usable memory stands behind a line.
std::string draw(const Bar& bar, int width, const Style& style);

/// The parts of the bar with figures and shares, what stays free, lacks or is out of reach.
std::string legend(const Bar& bar, const Style& style);

/// "5.32 GiB", or MiB when `largest`, which stands beside it, is below 1 GiB.
std::string size(Bytes bytes, Bytes largest);

}  // namespace qwenfit::report
