// The options that commands share, made from the one list of scenario keys.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "qwenfit/catalog.hpp"
#include "qwenfit/scenario.hpp"
#include "qwenfit/sweep.hpp"
#include "report/table.hpp"

namespace qwenfit::cli {

struct CommonOptions {
  std::vector<std::string> catalogs;
  bool json = false;
  bool csv = false;
  bool markdown = false;
  bool reports = false;     ///< the command has these forms, set by `add_common_options`
  bool calibration = true;  ///< the user's own measurements correct speeds

  report::Form form() const {
    using report::Form;
    return json ? Form::json : csv ? Form::csv : markdown ? Form::markdown : Form::text;
  }
};

/// --json, --csv, --markdown, --catalog.
void add_common_options(CLI::App& app, CommonOptions& options);

/// --[no-]calibration.
void add_calibration_option(CLI::App& app, CommonOptions& options);

/// A scenario key that a command does not take as an option, and why, as a sentence: "quants compares all
/// formats". Without a reason the command gives it a meaning of its own, or none.
struct NotTaken {
  std::string_view key;
  std::string_view why;

  NotTaken(const char* k) : key(k) {}  // NOLINT(google-explicit-constructor): a list of keys reads best
  NotTaken(const char* k, const char* w) : key(k), why(w) {}
};

/// The scenario keys that `args` use as options, but those `not_taken`.
/// @throws Error(usage) with the reason for one that is not taken.
void add_scenario_options(CLI::App& app, const std::vector<std::string>& args, Scenario& scenario,
                          const std::vector<NotTaken>& not_taken = {});

/// The same for a grid: every key takes a list or a range of values and becomes an axis, in the order of the
/// contract. Keys whose values hold commas of their own take one value an option; repeating the option adds
/// one.
void add_sweep_options(CLI::App& app, const std::vector<std::string>& args, std::vector<SweepAxis>& axes);

/// Parses `args`. @return false when help was asked for and printed.
/// @throws Error(usage) with the nearest known option.
bool parse(CLI::App& app, const std::vector<std::string>& args);

/// The built-in catalog with the overlays of $XDG_CONFIG_HOME/qwenfit/, QWENFIT_CATALOG and --catalog, in
/// this order.
catalog::Catalog open_catalog(const CommonOptions& options);

/// Takes one of `words`; anything else is answered with all of them.
CLI::Validator one_of(std::vector<std::string> words);

/// Takes a number above 0.
CLI::Validator above_zero();

}  // namespace qwenfit::cli
