// What a batch system gives a job: #SBATCH and #PBS lines ahead of a script.
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// "gpu:a100:4", "a100:4", "4": the number behind the last colon, the card ahead of it.
void take_cards(std::string_view value, std::string_view option, int line, Workload& w) {
  if (value.starts_with("gpu:")) value.remove_prefix(4);
  const auto colon = value.rfind(':');
  const std::string_view number = colon == std::string_view::npos ? value : value.substr(colon + 1);
  const auto n = units::parse_count(number);
  if (n && *n >= 1 && *n <= 65536) {
    w.gpus_per_node = *n;
    w.base.gpu_resource = "#SBATCH " + std::string(option);
    w.base.gpu_line = line;
  }
  if (colon != std::string_view::npos)
    w.device_hints.push_back({"#SBATCH " + std::string(option), std::string(value.substr(0, colon)), line});
}

}  // namespace

void read_batch_directives(std::string_view text, Workload& w) {
  int line = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view l = text.substr(at, end - at);
    at = end + 1;
    ++line;
    if (!l.starts_with("#SBATCH")) continue;
    const std::vector<Word> words = split_words(l.substr(7), line);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string& word = words[i].text;
      const auto equals = word.find('=');
      const std::string option = word.substr(0, equals);
      const std::string value = equals != std::string::npos ? word.substr(equals + 1)
                                : i + 1 < words.size()      ? words[i + 1].text
                                                            : std::string();
      if (option == "--gpus-per-node" || option == "--gpus" || option == "-G" ||
          (option == "--gres" && value.starts_with("gpu"))) {
        take_cards(value, option, line, w);
      } else if (option == "--nodes" || option == "-N") {
        if (const auto n = units::parse_count(value); n && *n >= 1 && *n <= 4096) w.base.nodes = *n;
      }
    }
  }
}

}  // namespace qwenfit::plan
