#include "user_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "qwenfit/error.hpp"

namespace qwenfit::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargest = std::size_t{1} << 20;

std::string folder_of(const char* variable, const char* under_home) {
  const auto value = [](const char* name) -> std::string {
    const char* text = std::getenv(name);
    return text ? text : "";
  };
  std::string base = value(variable);
  // A relative one is no folder of the user's: the specification of these variables has it ignored.
  if (!base.starts_with('/')) base.clear();
  if (base.empty() && !value("HOME").empty()) base = value("HOME") + "/" + under_home;
  return base.empty() ? base : base + "/qwenfit";
}

[[noreturn]] void fail(const std::string& path) {
  throw Error(ErrorCode::io, fmt::format("can't write {}: {}", path, std::strerror(errno)));
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

std::string config_folder() {
  return folder_of("XDG_CONFIG_HOME", ".config");
}

std::string cache_folder() {
  return folder_of("XDG_CACHE_HOME", ".cache");
}

std::optional<std::string> read_user_file(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  // A pipe would be waited for.
  if (!fs::is_regular_file(path, error) && !fs::is_character_file(path, error))
    throw Error(ErrorCode::io, fmt::format("{} is no file", path));
  std::ifstream in(path, std::ios::binary);
  std::string text(kLargest + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) throw Error(ErrorCode::io, fmt::format("can't read {}", path));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kLargest)
    throw Error(ErrorCode::bad_input, fmt::format("{}: larger than any file of this kind (1 MiB)", path));
  return text;
}

std::string read_whole(const std::string& path, std::size_t most) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  const int file = standard ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  std::string chunk(std::size_t{1} << 16, '\0');
  ssize_t got = file < 0 ? -1 : 1;
  while (got > 0 && text.size() <= most) {
    got = ::read(file, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) got = 1;
    else if (got > 0) text.append(chunk, 0, static_cast<std::size_t>(got));
  }
  const int why = errno;
  if (file > STDERR_FILENO) close(file);
  if (got < 0) throw Error(ErrorCode::io, fmt::format("can't read {}: {}", name, std::strerror(why)));
  if (text.size() > most)
    throw Error(ErrorCode::bad_input, fmt::format("{}: larger than {} MiB", name, most >> 20));
  return text;
}

void write_user_file(const std::string& path, std::string_view text) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  const std::string beside = fmt::format("{}.{}.new", path, getpid());
  const int file = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail(path);
  // On the disk before it takes the other's place, so that a power cut leaves one of both.
  const bool written = write_all(file, text) && fsync(file) == 0;
  if (close(file) != 0 || !written || std::rename(beside.c_str(), path.c_str()) != 0) {
    const int why = errno;
    unlink(beside.c_str());
    errno = why;
    fail(path);
  }
}

FolderLock::FolderLock(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  folder_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) fail(folder);
  while (flock(folder_, LOCK_EX) != 0 && errno == EINTR) {
  }
}

FolderLock::~FolderLock() {
  close(folder_);
}

}  // namespace qwenfit::cli
