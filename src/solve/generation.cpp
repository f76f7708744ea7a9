#include <cctype>
#include <string>

#include "qwenfit/catalog.hpp"
#include "qwenfit/recommend.hpp"

namespace qwenfit {
namespace {

/// "qwen2.5" of "Qwen2.5-Coder"; the first generation has no number, but other families have none either.
std::string generation_of(std::string_view family) {
  const std::string folded = catalog::fold_model_name(family);
  const std::size_t at = folded.find("qwen");
  if (at == std::string::npos) return "";
  std::size_t end = at + 4;
  while (end < folded.size() &&
         (std::isdigit(static_cast<unsigned char>(folded[end])) != 0 || folded[end] == '.'))
    ++end;
  const std::string number = folded.substr(at + 4, end - at - 4);
  if (!number.empty()) return "qwen" + number;
  const bool first = family == "Qwen" || family == "Qwen-VL" || family == "Qwen-Audio";
  return first ? "qwen1" : "";
}

}  // namespace

bool of_generation(std::string_view family, std::string_view generation) {
  std::string wanted = catalog::fold_model_name(generation);
  if (wanted == "qwen") wanted = "qwen1";
  if (!wanted.empty() && std::isdigit(static_cast<unsigned char>(wanted.front())) != 0)
    wanted = "qwen" + wanted;
  return generation_of(family) == wanted;
}

}  // namespace qwenfit
