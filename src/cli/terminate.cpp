// What an exception ends in that nobody caught: none should, main() makes a sentence of each. The standard
// library's own handler would name its type, and takes a demangler along for it: 50 KB of the static program.

#include <cstdio>
#include <cstdlib>

namespace __gnu_cxx {
void __verbose_terminate_handler() {  // NOLINT(bugprone-reserved-identifier): the standard library's name
  std::fputs("qwenfit: internal error: an exception that nobody caught\n", stderr);
  std::abort();
}
}  // namespace __gnu_cxx
