// Runs golden transcripts (README.md in this folder).
//   golden [--update] QWENFIT TRANSCRIPT...
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct Step {
  std::vector<std::string> before;   // comments and blank lines ahead of the command
  std::vector<std::string> command;  // as written, continued lines included
  std::vector<std::string> expected;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<Step> parse(const std::string& text) {
  std::vector<Step> steps;
  std::vector<std::string> comments;
  for (const std::string& line : lines_of(text)) {
    const bool continued = !steps.empty() && steps.back().expected.empty() && line.starts_with("> ") &&
                           steps.back().command.back().ends_with("\\");
    if (line.starts_with("$ ")) {
      steps.push_back({std::move(comments), {line}, {}});
      comments.clear();
    } else if (continued) {
      steps.back().command.push_back(line);
    } else if (line.starts_with("# ") || line == "#" || steps.empty()) {
      comments.push_back(line);
    } else {
      for (std::string& c : comments) steps.back().expected.push_back(std::move(c));
      comments.clear();
      steps.back().expected.push_back(line);
    }
  }
  return steps;
}

std::string shell_text(const Step& step) {
  std::string text;
  for (const std::string& line : step.command) {
    text += line.substr(2);
    if (text.ends_with("\\")) text.back() = ' ';
  }
  return text;
}

std::vector<std::string> run(const Step& step, const fs::path& folder) {
  const fs::path out = folder / ".stdout";
  const fs::path err = folder / ".stderr";
  const std::string command = fmt::format("cd '{}' && {{ {}\n}} >'{}' 2>'{}'", folder.string(),
                                          shell_text(step), out.string(), err.string());
  const int status = std::system(command.c_str());
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::vector<std::string> lines = lines_of(read_file(out));
  for (const std::string& line : lines_of(read_file(err))) lines.push_back("! " + line);
  if (code != 0) lines.push_back(fmt::format("[{}]", code));
  fs::remove(out);
  fs::remove(err);
  return lines;
}

/// Whether `actual` from `a` on is what `expected` from `e` on allows.
bool matches(const std::vector<std::string>& expected, std::size_t e, const std::vector<std::string>& actual,
             std::size_t a) {
  for (; e < expected.size(); ++e, ++a) {
    if (expected[e] == "...") {
      for (std::size_t skip = a; skip <= actual.size(); ++skip) {
        if (matches(expected, e + 1, actual, skip)) return true;
      }
      return false;
    }
    if (a >= actual.size() || expected[e] != actual[a]) return false;
  }
  return a == actual.size();
}

std::vector<std::string> without_trailing_blanks(std::vector<std::string> lines) {
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

bool check(const fs::path& transcript, bool update) {
  const fs::path folder =
      fs::temp_directory_path() / fmt::format("qwenfit-golden-{}-{}", getpid(), transcript.stem().string());
  fs::create_directories(folder);
  std::vector<Step> steps = parse(read_file(transcript));
  bool good = !steps.empty();
  if (!good) fmt::print("{}: no command in it\n", transcript.string());
  std::string rewritten;
  for (const Step& step : steps) {
    const std::vector<std::string> actual = run(step, folder);
    const bool same = matches(without_trailing_blanks(step.expected), 0, without_trailing_blanks(actual), 0);
    if (!same && !update) {
      good = false;
      fmt::print("{}\n{}\n--- expected\n", transcript.string(), step.command.front());
      for (const std::string& line : step.expected) fmt::print("{}\n", line);
      fmt::print("--- actual\n");
      for (const std::string& line : actual) fmt::print("{}\n", line);
    }
    for (const std::string& line : step.before) rewritten += line + "\n";
    for (const std::string& line : step.command) rewritten += line + "\n";
    for (const std::string& line : same ? step.expected : actual) rewritten += line + "\n";
  }
  fs::remove_all(folder);
  if (update) std::ofstream(transcript, std::ios::binary) << rewritten;
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> args(argv + 1, argv + argc);
  const bool update = !args.empty() && args[0] == "--update";
  if (update) args.erase(args.begin());
  if (args.size() < 2) {
    std::fputs("usage: golden [--update] QWENFIT TRANSCRIPT...\n", stderr);
    return 2;
  }
  const std::string path =
      fs::absolute(args[0]).parent_path().string() + ":" + (std::getenv("PATH") ? std::getenv("PATH") : "");
  setenv("PATH", path.c_str(), 1);
  setenv("LC_ALL", "C.UTF-8", 1);
  setenv("COLUMNS", "80", 1);
  setenv("NO_COLOR", "1", 1);
  setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
  setenv("XDG_CACHE_HOME", "/dev/null", 1);  // where even root can write nothing
  unsetenv("QWENFIT_MACHINE");
  unsetenv("QWENFIT_CATALOG");
  bool good = true;
  for (std::size_t i = 1; i < args.size(); ++i) {
    const fs::path transcript = fs::absolute(args[i]);
    fs::path tests = transcript.parent_path();
    while (tests.has_parent_path() && tests.filename() != "tests") tests = tests.parent_path();
    setenv("TESTS", tests.c_str(), 1);
    good = check(transcript, update) && good;
  }
  return good ? 0 : 1;
}
