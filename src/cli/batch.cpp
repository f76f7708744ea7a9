// qwenfit batch [FILE|-]: a scenario a line in, an estimate a line out, in constant memory.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "estimate/scenario_fields.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;
/// A scenario has some hundred bytes; a longer line than this is no scenario.
constexpr std::size_t kLongestLine = std::size_t{1} << 20;

/// Answers lines one by one and counts what went wrong.
class Batch {
 public:
  Batch(const catalog::Catalog& catalog, const CommonOptions& common)
      : estimator_(catalog, ModelFiles::read, surroundings(catalog, common)) {}

  void line(std::string_view text, std::string& out) {
    ++line_;
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.find_first_not_of(" \t") == std::string_view::npos) return;
    Scenario scenario;
    try {
      const nlohmann::json object = parse_json(text);
      if (object.is_object() && object.contains("id"))
        set_field(scenario, scenario_field("id"), object["id"]);
      scenario = scenario_from_json(object);
      const Estimate estimate = estimator_.estimate(scenario);
      report::write_json(out, estimate);
      if (requirements_met(estimate) == false) unmet_ = true;
    } catch (const Error& e) {
      failed_ = true;
      report::write_json_error(out, line_, scenario, e.code(), e.what());
    }
    out += '\n';
  }

  void too_long(std::string& out) {
    ++line_;
    failed_ = true;
    report::write_json_error(out, line_, {}, ErrorCode::bad_input,
                             fmt::format("a line of more than {} bytes is no scenario", kLongestLine));
    out += '\n';
  }

  int exit_code() const { return failed_ ? kInputError : unmet_ ? kRequirementNotMet : kAnswered; }

 private:
  Estimator estimator_;
  std::int64_t line_ = 0;
  bool failed_ = false;
  bool unmet_ = false;
};

/// Feeds whole lines to `batch`; what one read brings is answered before the next read waits.
void run(int input, const std::string& name, Batch& batch) {
  std::string buffer;
  std::string out;
  bool skipping = false;  // inside a line that was too long
  std::vector<char> chunk(kChunk);
  for (;;) {
    const ssize_t got = read(input, chunk.data(), chunk.size());
    if (got < 0) {
      if (errno == EINTR) continue;
      throw Error(ErrorCode::io, fmt::format("can't read {}: {}", name, std::strerror(errno)));
    }
    if (got == 0) break;
    buffer.append(chunk.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end; (end = buffer.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (!skipping) batch.line(std::string_view(buffer).substr(begin, end - begin), out);
      skipping = false;
    }
    buffer.erase(0, begin);
    if (buffer.size() > kLongestLine) {
      if (!skipping) batch.too_long(out);
      skipping = true;
      buffer.clear();
    }
    print(out);
    flush_output();
    out.clear();
  }
  if (!buffer.empty() && !skipping) {
    batch.line(buffer, out);
    print(out);
  }
}

}  // namespace

int run_batch(const std::vector<std::string>& args) {
  CLI::App app("Reads one scenario (a JSON object) a line, writes one estimate a line in the same order.",
               "qwenfit batch");
  std::string file = "-";
  CommonOptions common;
  app.add_option("file", file, "JSON lines; - is standard input");
  app.add_option("--catalog", common.catalogs, "JSON file or folder with entries of your own")
      ->type_name("PATH");
  add_calibration_option(app, common);
  add_examples(
      app,
      {{"One scenario", "echo '{\"model\": \"qwen3-8b\", \"device\": \"rtx-4090\"}' | qwenfit batch"},
       {"Its keys are those of the scenario in every estimate", "qwenfit estimate qwen3-8b -d 4090 --json"}});
  if (!parse(app, args)) return kAnswered;

  const catalog::Catalog catalog = open_catalog(common);
  Batch batch(catalog, common);
  const int input = file == "-" ? STDIN_FILENO : open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (input < 0) throw Error(ErrorCode::io, fmt::format("can't read {}: {}", file, std::strerror(errno)));
  run(input, file == "-" ? "standard input" : file, batch);
  if (input != STDIN_FILENO) close(input);
  return batch.exit_code();
}

}  // namespace qwenfit::cli
