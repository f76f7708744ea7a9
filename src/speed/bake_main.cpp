// qwenfit-bake-speed data/speed/model.json OUTPUT.cpp: the fitted constants of the speed model as constant
// arrays.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catalog/bake_tool.hpp"
#include "constants.hpp"

namespace {

using nlohmann::json;
using qwenfit::speed::Hash;

std::string quoted(const std::string& text) {
  return json(text).dump(-1, ' ', true);
}

/// Records sorted by the hash of their "name"; no two names may share one.
std::vector<std::pair<std::uint64_t, json>> by_hash(const json& records) {
  std::vector<std::pair<std::uint64_t, json>> out;
  for (const json& r : records) out.emplace_back(Hash().add(r.at("name").get<std::string>()).value(), r);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto twice = std::adjacent_find(out.begin(), out.end(),
                                        [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice != out.end())
    throw std::runtime_error(
        fmt::format("two factors of one name or hash: {}", twice->second.at("name").dump()));
  return out;
}

std::string bake(const json& model) {
  std::string out =
      "// Made by qwenfit-bake-speed from data/speed. Do not edit.\n#include \"speed/constants.hpp\"\n\n"
      "namespace qwenfit::speed::baked {\n";
  out += "static constexpr Group k_groups[] = {\n";
  for (const json& g : model.at("groups")) {
    out += fmt::format("  {{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}},\n",
                       quoted(g.at("name")), g.at("e_memory").dump(), g.at("e_cache").dump(),
                       g.at("e_compute").dump(), g.at("launch").dump(), g.at("sync").dump(),
                       g.at("bus_sync").dump(), g.at("e_link").dump(), g.at("e_host").dump(),
                       g.at("switch").dump(), g.at("host_launch").dump(), g.at("e_prompts").dump(),
                       g.at("prompt_launch").dump(), g.at("rows").dump());
  }
  out += "};\nstatic constexpr Effect k_effects[] = {\n";
  for (const auto& [hash, e] : by_hash(model.at("effects")))
    out += fmt::format("  {{{}ULL, {}, {:.6e}F, {:.6e}F}},\n", hash, e.at("rows").get<int>(),
                       e.at("value").get<double>(), e.at("variance").get<double>());
  out += "};\nstatic constexpr Level k_levels[] = {\n";
  for (const json& l : model.at("levels"))
    out += fmt::format("  {{{}, {}}},\n", quoted(l.at("name")), l.at("variance").dump());
  out += "};\nstatic constexpr Interval k_intervals[] = {\n";
  for (const json& i : model.at("intervals"))
    out += fmt::format("  {{{}, {}}},\n", quoted(i.at("name")), i.at("scale").dump());
  out += "};\nstatic constexpr MeasuredCell k_cells[] = {\n";
  for (const auto& [hash, c] : by_hash(model.at("cells")))
    out += fmt::format("  {{{}ULL, {}, {}}},\n", hash, quoted(c.at("source")), c.at("rows").dump());
  out += fmt::format(
      "}};\nconst std::span<const Group> groups(k_groups);\nconst std::span<const Effect> "
      "effects(k_effects);\n"
      "const std::span<const Level> levels(k_levels);\nconst std::span<const Interval> "
      "intervals(k_intervals);\n"
      "const std::span<const MeasuredCell> cells(k_cells);\nconst double residual_decode = {};\n"
      "const double residual_prefill = {};\n}}  // namespace qwenfit::speed::baked\n",
      model.at("residual").at("decode").dump(), model.at("residual").at("prefill").dump());
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: qwenfit-bake-speed MODEL.json OUTPUT.cpp\n", stderr);
    return 2;
  }
  try {
    std::ifstream in(argv[1]);
    const std::string text = bake(json::parse(in));
    qwenfit::catalog::write_source(argv[2], text);
    return 0;
  } catch (const std::exception& e) {
    fmt::print(stderr, "speed: {}: {}\n", argv[1], e.what());
  }
  return 1;
}
