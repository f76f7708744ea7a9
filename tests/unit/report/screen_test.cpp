#include "report/screen.hpp"

#include "catch.hpp"

using namespace qwenfit::report;

TEST_CASE("columns count what a terminal shows, not bytes") {
  CHECK(columns("Qwen3") == 5);
  CHECK(columns("█▓▒") == 3);
  CHECK(columns("通义千问") == 8);
  CHECK(columns("e\u0301") == 1);
  CHECK(columns("\xff\xfe") == 2);
  CHECK(columns("") == 0);
}

TEST_CASE("what a terminal would obey is shown, not sent") {
  CHECK(printable("\x1b[31mred\x07") == "\\x1b[31mred\\x07");
  CHECK(printable("two\nlines\r") == "two\\x0alines\\x0d");
  CHECK(printable("\xc2\x9b") == "\\x9b");                // CSI in one character
  CHECK(printable("a\u202eb") == "a\\u202eb");            // right-to-left override
  CHECK(printable("\xff\xc3") == "\\xff\\xc3");           // no UTF-8
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(printable("\xc0\x80") == "\\xc0\\x80");           // an overlong NUL
  CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(printable("naïve — 通义") == "naïve — 通义");
}

TEST_CASE("wrapping breaks at blanks, cuts what is longer than a line, and loses nothing") {
  CHECK(wrap("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrap("abcdefgh ij", 3) == std::vector<std::string>{"abc", "def", "gh", "ij"});
  CHECK(wrap("通义千问", 3) == std::vector<std::string>{"通", "义", "千", "问"});
  CHECK(wrap("Importance-weighted 2-bit", 14) == std::vector<std::string>{"Importance-", "weighted 2-bit"});
  CHECK(wrap("--a-long-option", 15) == std::vector<std::string>{"--a-long-option"});
  CHECK(wrap("", 10) == std::vector<std::string>{""});
  CHECK(wrap("   ", 10) == std::vector<std::string>{""});
  for (const std::string& line : wrap("a context of 131,072 goes beyond the native 32,768", 12))
    CHECK(columns(line) <= 12);
}

TEST_CASE("colour only where the style has it; ASCII keeps the columns") {
  Style style;
  CHECK(paint("x", Tone::bad, style) == "x");
  style.colour = true;
  CHECK(paint("x", Tone::bad, style) == "\x1b[1;31mx\x1b[0m");
  CHECK(paint("", Tone::bad, style).empty());
  style.unicode = false;
  const std::string plain = for_locale("██░ 2× ≥ 30 µs — é", style);
  CHECK(plain == "##+ 2x > 30 us - ?");
  CHECK(for_locale("\x1b[1mx\x1b[0m", style) == "\x1b[1mx\x1b[0m");
}
