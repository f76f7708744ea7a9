#include "qwenfit/catalog.hpp"

namespace qwenfit::catalog {

std::string fold_name(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

std::string fold_model_name(std::string_view name) {
  const auto digit = [&](std::size_t i) { return i < name.size() && name[i] >= '0' && name[i] <= '9'; };
  std::string out;
  out.reserve(name.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == ':') out += ':';
    else if ((name[i] == '.' || name[i] == '_') && i > 0 && digit(i - 1) && digit(i + 1)) out += '.';
    else out += fold_name(name.substr(i, 1));
  }
  return out;
}

}  // namespace qwenfit::catalog
