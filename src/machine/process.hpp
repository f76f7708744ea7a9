// Starts a program and takes what it prints.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace qwenfit::machine {

/// Standard output of a program that ended with exit code 0; nothing when it can't be started, fails, prints
/// more than `most` bytes or takes longer than `limit`, after which it is killed. The program is looked up in
/// PATH; its arguments are passed as they are, its standard input and error are empty.
std::optional<std::string> output_of(const std::vector<std::string>& command, std::chrono::milliseconds limit,
                                     std::size_t most);

}  // namespace qwenfit::machine
