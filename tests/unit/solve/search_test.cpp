// The search for the largest number that holds.
#include "solve/search.hpp"

#include "catch.hpp"

using qwenfit::largest_that_holds;

TEST_CASE("the largest number that holds, from any guess") {
  for (const std::int64_t border : {1, 2, 7, 100, 255, 256, 1000}) {
    for (const std::int64_t guess : {-5, 0, 1, 2, 6, 99, 100, 101, 256, 999, 1000, 5000}) {
      int calls = 0;
      const auto found = largest_that_holds(1, 1000, guess, [&](std::int64_t n) {
        ++calls;
        CHECK(n >= 1);
        CHECK(n <= 1000);
        return n <= border;
      });
      INFO(border << " from " << guess);
      REQUIRE(found);
      CHECK(*found == border);
      CHECK(calls <= 20);
    }
  }
}

TEST_CASE("a good guess takes few looks") {
  int calls = 0;
  const auto found = largest_that_holds(1, std::int64_t{1} << 40, 48896, [&](std::int64_t n) {
    ++calls;
    return n <= 48896;
  });
  CHECK(found == 48896);
  CHECK(calls <= 3);
}

TEST_CASE("nothing holds, or everything") {
  CHECK_FALSE(largest_that_holds(1, 10, 5, [](std::int64_t) { return false; }));
  CHECK_FALSE(largest_that_holds(5, 4, 5, [](std::int64_t) { return true; }));
  CHECK(largest_that_holds(1, 10, 5, [](std::int64_t) { return true; }) == 10);
  CHECK(largest_that_holds(3, 3, 3, [](std::int64_t) { return true; }) == 3);
}

TEST_CASE("where it changes more than once, what is found holds and one more does not") {
  const auto holds = [](std::int64_t n) { return n < 40 || (n > 60 && n < 70); };
  for (std::int64_t guess = 1; guess <= 100; ++guess) {
    const auto found = largest_that_holds(1, 100, guess, holds);
    REQUIRE(found);
    CHECK(holds(*found));
    CHECK_FALSE(holds(*found + 1));
  }
}
