#include "process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace qwenfit::machine {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

enum class Ended : std::uint8_t { well, late, long_ };

/// Reads until the end of `fd`. @return whether all came in time and in bounds.
Ended read_all(int fd, Clock::time_point deadline, std::size_t most, std::string& out) {
  std::array<char, 16384> chunk;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return Ended::late;
    pollfd waiting{fd, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return Ended::late;
    if (ready <= 0) continue;
    const ssize_t got = read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Ended::late;
    if (got == 0) return Ended::well;
    if (out.size() + static_cast<std::size_t>(got) > most) return Ended::long_;
    out.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

/// Ends a program and what it has started, which have a process group of their own.
void end_group(pid_t child) {
  kill(-child, SIGKILL);
}

/// Waits for the end of `child`, which has closed its output. @return its exit code; -1 when it was killed.
int wait_for(pid_t child, Clock::time_point deadline) {
  constexpr useconds_t kPause = 2000;
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (ended < 0 && errno != EINTR) return -1;
    if (Clock::now() >= deadline) {
      end_group(child);
      while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
      return -1;
    }
    usleep(kPause);
  }
}

}  // namespace

std::optional<Output> output_of(const std::vector<std::string>& command, std::chrono::milliseconds limit,
                                std::size_t most) {
  int ends[2];
  if (command.empty() || pipe(ends) != 0) return std::nullopt;
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  fcntl(reading.get(), F_SETFD, FD_CLOEXEC);
  fcntl(writing.get(), F_SETFD, FD_CLOEXEC);

  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return std::nullopt;
  posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  if (posix_spawnattr_init(&attributes) != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return std::nullopt;
  }
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return std::nullopt;
  writing.close();

  const auto deadline = Clock::now() + limit;
  Output out;
  const Ended ended = read_all(reading.get(), deadline, most, out.text);
  if (ended != Ended::well) end_group(child);
  out.exit_code = wait_for(child, deadline);
  if (ended == Ended::long_) out.stopped = "more output than it can have";
  else if (ended == Ended::late || Clock::now() >= deadline)
    out.stopped = fmt::format("no answer within {:g} seconds", std::chrono::duration<double>(limit).count());
  return out;
}

}  // namespace qwenfit::machine
