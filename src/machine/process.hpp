// Starts a program and takes what it prints.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/machine.hpp"

namespace qwenfit::machine {

/// Standard output of a program; nothing when it can't be started. With all it has started it is killed when
/// it prints more than `most` bytes or takes longer than `limit`. The program is looked up in PATH; its
/// arguments are passed as they are, its standard input and error are empty.
std::optional<Output> output_of(const std::vector<std::string>& command, std::chrono::milliseconds limit,
                                std::size_t most);

}  // namespace qwenfit::machine
