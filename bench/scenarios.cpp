// scenarios N: writes N scenarios, one a line.
#include <cstdio>
#include <cstdlib>

#include "generator.hpp"

int main(int argc, char** argv) {
  const long n = argc > 1 ? std::atol(argv[1]) : 1000000;
  qwenfit::bench::Generator generator(qwenfit::catalog::Catalog::builtin());
  for (long i = 0; i < n; ++i) std::puts(generator.next().c_str());
}
