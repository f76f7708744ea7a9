#include "report/table.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using namespace qwenfit::report;

namespace {

Table sample() {
  Table table;
  table.title = "Cards";
  table.columns = {{"name", "Name"},
                   {"memory_bytes", "Memory", Align::right},
                   {"price_usd", "Price", Align::right, false, 2},
                   {"note", "Note", Align::left, true, 1}};
  table.rows.push_back({"A", {"24 GiB", std::int64_t{25769803776}}, {"$1.50", 1.5}, "an old friend of many"});
  table.rows.push_back({"B|C", {"8 GiB", std::int64_t{8589934592}}, {}, "said \"small\", is small"});
  table.notes = {"Prices move."};
  return table;
}

int widest(const std::string& text) {
  int most = 0;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    most = std::max(most, columns(std::string_view(text).substr(begin, end - begin)));
  return most;
}

}  // namespace

TEST_CASE("text tables align, and end their lines without blanks") {
  CHECK(render(sample(), Form::text, Style{80, false, true}) ==
        "Cards\n\n"
        "Name  Memory  Price  Note\n"
        "A     24 GiB  $1.50  an old friend of many\n"
        "B|C    8 GiB         said \"small\", is small\n"
        "\nPrices move.\n");
}

TEST_CASE("on a narrow terminal words are wrapped first, then the least important column goes") {
  const std::string forty = render(sample(), Form::text, Style{40, false, true});
  CHECK(widest(forty) <= 40);
  CHECK(forty.find("Price ") != std::string::npos);
  CHECK(forty.find("\n                     many\n") != std::string::npos);
  const std::string thirty_two = render(sample(), Form::text, Style{32, false, true});
  CHECK(widest(thirty_two) <= 32);
  CHECK(thirty_two.find("Price ") == std::string::npos);
  CHECK(thirty_two.find("Note") != std::string::npos);
}

TEST_CASE("a column that no row has anything for is left out of text, and only there") {
  Table table = sample();
  for (auto& row : table.rows) row[2] = {};
  CHECK(render(table, Form::text, Style{80, false, true}).find("  Price") == std::string::npos);
  CHECK(render(table, Form::csv, {}).starts_with("name,memory_bytes,price_usd,note\n"));
  CHECK(render(table, Form::markdown, {}).find("| Price |") != std::string::npos);
  table.rows.clear();
  CHECK(render(table, Form::text, Style{80, false, true}).find("  Price") != std::string::npos);
}

TEST_CASE("of two columns of words the wider one gives first") {
  Table table;
  table.columns = {{"need", "Need", Align::left, true}, {"why", "Why", Align::left, true}};
  table.rows.push_back({"a short need of few words", std::string(40, 'x') + " " + std::string(40, 'y')});
  const std::string text = render(table, Form::text, Style{70, false, true});
  CHECK(text.find("a short need of few words") != std::string::npos);
  CHECK(widest(text) <= 70);
}

TEST_CASE("CSV has stable keys, plain numbers, quoted commas and empty fields for what is absent") {
  CHECK(render(sample(), Form::csv, {}) ==
        "name,memory_bytes,price_usd,note\n"
        "A,25769803776,1.5,an old friend of many\n"
        "B|C,8589934592,,\"said \"\"small\"\", is small\"\n");
}

TEST_CASE("Markdown escapes the mark that would end a cell") {
  CHECK(render(sample(), Form::markdown, {}) ==
        "**Cards**\n\n"
        "| Name | Memory | Price | Note |\n"
        "|---|---:|---:|---|\n"
        "| A | 24 GiB | $1.50 | an old friend of many |\n"
        "| B\\|C | 8 GiB |  | said \"small\", is small |\n"
        "\nPrices move.\n");
}

TEST_CASE("JSON rows hold values under the columns' keys and leave out what is absent") {
  const auto rows = nlohmann::json::parse(render(sample(), Form::json, {}));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["memory_bytes"] == 25769803776);
  CHECK(rows[0]["price_usd"] == 1.5);
  CHECK_FALSE(rows[1].contains("price_usd"));
  CHECK(rows[1]["name"] == "B|C");
}

TEST_CASE("no cell can send a terminal orders or break a row") {
  Table table;
  table.columns = {{"name", "Name"}};
  table.rows = {{std::string("x\x1b[2Jy\nz")}};
  CHECK(render(table, Form::text, {}) == "Name\nx\\x1b[2Jy\\x0az\n");
  CHECK(render(table, Form::csv, {}) == "name\nx\\x1b[2Jy\\x0az\n");
  CHECK(render(table, Form::markdown, {}) == "| Name |\n|---|\n| x\\\\x1b[2Jy\\\\x0az |\n");
}
