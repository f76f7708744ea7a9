#include "qwenfit/units.hpp"

#include "catch.hpp"

namespace units = qwenfit::units;

TEST_CASE("counts read k, M and G as powers of 1024") {
  CHECK(units::parse_count("8192") == 8192);
  CHECK(units::parse_count("32k") == 32768);
  CHECK(units::parse_count("128K") == 131072);
  CHECK(units::parse_count("1M") == 1048576);
  CHECK(units::parse_count("0.5k") == 512);
  CHECK(units::parse_count("32,768") == 32768);
  CHECK(units::parse_count("32_768") == 32768);
  CHECK(units::parse_count("1e5") == 100000);
}

TEST_CASE("what is no whole count is refused") {
  for (const char* text : {"", "k", "-1", "1.5", "1,5", "10,00", "1e30", "10^30", "nan", "inf", "0x10",
                           "8 tokens", "1e-3", "9007199254740994"}) {
    INFO(text);
    CHECK_FALSE(units::parse_count(text).has_value());
  }
}

TEST_CASE("GB and GiB differ") {
  CHECK(units::parse_bytes("24GiB") == 24LL << 30);
  CHECK(units::parse_bytes("24 GB") == 24000000000LL);
  CHECK(units::parse_bytes("1Ti") == 1LL << 40);
  CHECK(units::parse_bytes("16g") == 16LL << 30);
  CHECK(units::parse_bytes("0.5 MiB") == 524288);
  CHECK(units::parse_bytes("512") == 512);
  CHECK_FALSE(units::parse_bytes("12 parsecs").has_value());
  CHECK_FALSE(units::parse_bytes("99999999 TiB").has_value());
}

TEST_CASE("bandwidths are decimal") {
  CHECK(units::parse_bandwidth("1.8 TB/s") == 1.8e12);
  CHECK(units::parse_bandwidth("448 GB/s") == 448e9);
  CHECK(units::parse_bandwidth("89.6") == 89.6e9);
  CHECK_FALSE(units::parse_bandwidth("0").has_value());
}

TEST_CASE("figures keep about three digits and name their unit") {
  CHECK(units::format_bytes(0) == "0 B");
  CHECK(units::format_bytes(1023) == "1023 B");
  CHECK(units::format_bytes(5711000000) == "5.32 GiB");
  CHECK(units::format_bytes(-1073741824) == "-1.00 GiB");
  CHECK(units::format_bytes_decimal(5711000000) == "5.71 GB");
  CHECK(units::format_parameters(494032768) == "494M");
  CHECK(units::format_parameters(8190735360) == "8.19B");
  CHECK(units::format_parameters(2446182725504) == "2.45T");
  CHECK(units::format_grouped(131072) == "131,072");
  CHECK(units::format_grouped(-1234567) == "-1,234,567");
  CHECK(units::format_grouped(-123) == "-123");
  CHECK(units::format_milliseconds(0.085) == "85.0 us");
  CHECK(units::format_milliseconds(1500) == "1.50 s");
}
