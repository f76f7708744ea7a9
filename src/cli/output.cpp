#include "output.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "qwenfit/error.hpp"
#include "report/screen.hpp"
#include "settings.hpp"

namespace qwenfit::cli {
namespace {

constexpr int kNarrowest = 40;
constexpr int kWidest = 120;

[[noreturn]] void fail() {
  if (errno == EPIPE) {  // whoever started us ignores the signal; end as quietly as everybody else
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  throw Error(ErrorCode::io, fmt::format("can't write to standard output: {}", std::strerror(errno)));
}

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? value : nullptr;
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (const char* value = variable(name)) {
      std::string folded;
      for (const char* c = value; *c; ++c) folded += *c == '-' ? '\0' : static_cast<char>(*c | 0x20);
      folded.erase(std::remove(folded.begin(), folded.end(), '\0'), folded.end());
      return folded.find("utf8") != std::string::npos;
    }
  }
  return false;
}

/// Where the settings can't be read, the command says so; its help is shown all the same.
std::string color_setting() {
  try {
    return user_settings().color;
  } catch (const Error&) {
    return "auto";
  }
}

}  // namespace

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) fail();
}

void flush_output() {
  if (std::fflush(stdout) != 0) fail();
}

void complain(std::string_view sentence) {
  std::fflush(stdout);
  // Nothing is left to tell it to when this fails.
  std::fputs(fmt::format("qwenfit: {}\n", report::printable(sentence)).c_str(), stderr);
}

report::Style output_style() {
  report::Style style;
  style.unicode = locale_is_utf8();
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const char* term = variable("TERM");
  style.colour = terminal && !variable("NO_COLOR") && !(term && std::string_view(term) == "dumb");
  // Settings go before the environment (no-color.org).
  if (const std::string color = color_setting(); color != "auto") style.colour = color == "always";
  int width = 80;
  winsize size{};
  if (const char* columns = variable("COLUMNS")) width = std::atoi(columns);
  else if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) width = size.ws_col;
  style.width = std::clamp(width, kNarrowest, kWidest);
  return style;
}

}  // namespace qwenfit::cli
