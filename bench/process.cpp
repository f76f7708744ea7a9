// process N COMMAND...: runs the command N times with its output thrown away.
// Prints the median time of a run in microseconds and the largest memory of any in KiB.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

extern char** environ;

int main(int argc, char** argv) {
  const long n = argc > 2 ? std::atol(argv[1]) : 0;
  if (n < 1) {
    std::fputs("usage: process N COMMAND...\n", stderr);
    return 2;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  std::vector<double> times;
  for (long i = 0; i < n; ++i) {
    const auto start = std::chrono::steady_clock::now();
    pid_t child = 0;
    int status = 0;
    if (posix_spawnp(&child, argv[2], &actions, nullptr, argv + 2, environ) != 0 ||
        waitpid(child, &status, 0) != child) {
      std::perror(argv[2]);
      return 1;
    }
    times.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + n / 2, times.end());
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  std::printf("%.0f %ld\n", times[static_cast<std::size_t>(n / 2)], usage.ru_maxrss);
}
