// Where facts come from: this machine, or a folder with what another one said.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "process.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/machine.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostText = std::size_t{4} << 20;
constexpr std::size_t kMostNames = 4096;
/// A driver that has to wake eight cards takes some seconds.
constexpr std::chrono::seconds kPatience{10};

std::optional<std::string> read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  // Files of the kernel have no size that could be asked for.
  std::string text;
  std::string chunk(std::size_t{1} << 16, '\0');
  while (text.size() < kMostText &&
         (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || in.gcount() > 0))
    text.append(chunk, 0, static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMostText) text.resize(kMostText);
  return text;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> out;
  std::error_code error;
  for (auto it = fs::directory_iterator(folder, error);
       !error && it != fs::directory_iterator() && out.size() < kMostNames; it.increment(error))
    out.push_back(it->path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

class ThisMachine : public Source {
 public:
  std::optional<Output> output(const std::vector<std::string>& command) override {
    return output_of(command, kPatience, kMostText);
  }
  std::optional<std::string> file(const std::string& path) override { return read_text(path); }
  std::vector<std::string> names(const std::string& folder) override { return names_in(folder); }
};

class RecordedMachine : public Source {
 public:
  explicit RecordedMachine(fs::path folder) : folder_(std::move(folder)) {}

  std::optional<Output> output(const std::vector<std::string>& command) override {
    // "/usr/sbin/dmidecode" is recorded as "dmidecode"; what other arguments print as "nvidia-smi -L".
    const fs::path name = fs::path(command.front()).filename();
    std::optional<std::string> text;
    if (command.size() == 2) text = read_text(folder_ / fmt::format("{} {}", name.string(), command.back()));
    text = without_head(text ? std::move(text) : read_text(folder_ / name));
    return text ? std::optional(Output{std::move(*text), 0, ""}) : std::nullopt;
  }
  std::optional<std::string> file(const std::string& path) override {
    return without_head(read_text(inside(path)));
  }
  std::vector<std::string> names(const std::string& folder) override { return names_in(inside(folder)); }

 private:
  fs::path inside(const std::string& path) const { return folder_ / fs::path(path).relative_path(); }

  static std::optional<std::string> without_head(std::optional<std::string> text) {
    std::size_t begin = 0;
    while (text && text->compare(begin, 2, "# ") == 0) {
      const auto end = text->find('\n', begin);
      begin = end == std::string::npos ? text->size() : end + 1;
    }
    if (text) text->erase(0, begin);
    return text;
  }

  fs::path folder_;
};

}  // namespace

std::unique_ptr<Source> this_machine() {
  return std::make_unique<ThisMachine>();
}

std::unique_ptr<Source> recorded_machine(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    throw Error(ErrorCode::io, fmt::format("no such folder with a machine's records: {}", folder));
  return std::make_unique<RecordedMachine>(folder);
}

}  // namespace qwenfit::machine
