// A command of the program: one file each, options -> scenario -> estimate -> report.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qwenfit::cli {

/// Documented exit codes.
enum Exit : int {
  kAnswered = 0,
  kRequirementNotMet = 1,
  kInputError = 2,
  kUndecided = 3,
};

/// Where `qwenfit --help` has a command: among the ten questions, or in the lists behind them.
enum class CommandGroup : std::uint8_t { question, knowledge, work };

struct Command {
  std::string_view name;
  std::string_view question;  ///< that it answers
  std::string_view example;
  /// @param args the words after the command's name.
  /// @throws qwenfit::Error; main turns it into a sentence and an exit code.
  int (*run)(const std::vector<std::string>& args);
  CommandGroup group;
};

std::span<const Command> commands();

int run_estimate(const std::vector<std::string>& args);
int run_quants(const std::vector<std::string>& args);
int run_devices(const std::vector<std::string>& args);
int run_models(const std::vector<std::string>& args);
int run_max(const std::vector<std::string>& args);
int run_list(const std::vector<std::string>& args);
int run_show(const std::vector<std::string>& args);
int run_calibrate(const std::vector<std::string>& args);
int run_config(const std::vector<std::string>& args);
int run_detect(const std::vector<std::string>& args);
int run_inspect(const std::vector<std::string>& args);
int run_catalog(const std::vector<std::string>& args);
int run_finetune(const std::vector<std::string>& args);
int run_compare(const std::vector<std::string>& args);
int run_recommend(const std::vector<std::string>& args);
int run_command(const std::vector<std::string>& args);
int run_completion(const std::vector<std::string>& args);
int run_complete(const std::vector<std::string>& args);  ///< what the scripts of `completion` call
int run_man(const std::vector<std::string>& args);
int run_cost(const std::vector<std::string>& args);
int run_sweep(const std::vector<std::string>& args);
int run_batch(const std::vector<std::string>& args);
int run_check(const std::vector<std::string>& args);
int run_plan(const std::vector<std::string>& args);
int run_validate(const std::vector<std::string>& args);

}  // namespace qwenfit::cli
