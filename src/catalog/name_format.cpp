#include "name_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace qwenfit::catalog {
namespace {

/// Q4_K_M, UD-Q4_K_XL, GPTQ-Int4: no format has more words.
constexpr std::size_t kMostNameWords = 5;

/// Kinds of file. The word alone gives no bits; it tells how other words are read ("4bit" after "mlx").
constexpr std::array<std::string_view, 7> kContainers{"gguf", "mlx", "exl2", "exl3", "awq", "gptq", "bnb"};

/// Words about the making or packing of a file that say nothing of its size.
constexpr std::array<std::string_view, 16> kNoise{"autoround", "gguf",      "mlx",   "hf",      "i1",
                                                  "imatrix",   "imat",      "it",    "unsloth", "ggml",
                                                  "dynamic",   "quantized", "model", "mmproj",  "mtp"};

/// Formats that people publish and qwenfit can't weigh.
constexpr std::array<std::string_view, 6> kForeign{"onnx", "mnn", "openvino", "rkllm", "coreml", "mlc"};

/// Publishers whose plain "FP8" has one scale per tensor, not Qwen's 128x128 blocks.
constexpr std::array<std::string_view, 4> kPerTensorFp8{"nvidia", "redhatai", "neuralmagic", "amd"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

class FormatSearch {
 public:
  FormatSearch(const Catalog::Impl& catalog, std::string_view name, std::span<const Word> words,
               const FormatContext& context)
      : catalog_(catalog), name_(name), words_(words), context_(context) {
    out_.used.resize(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (among(kContainers, words[i].text)) containers_.push_back(words[i].text);
      if (among(kNoise, words[i].text)) out_.used[i] = true;
      // Shards: 00001-of-00003.
      if (words[i].text == "of" && i > 0 && i + 1 < words.size() && is_number(words[i - 1].text) &&
          is_number(words[i + 1].text)) {
        out_.used[i - 1] = out_.used[i] = out_.used[i + 1] = true;
      }
    }
    const bool mlx_owner = context.owner.starts_with("mlx");
    if (mlx_owner || context.ollama) containers_.push_back("mlx");
  }

  NamedFormat run() {
    if (foreign()) return std::move(out_);
    longest_known();
    if (has("mmproj")) {  // the projector's type, not the model's
      out_.format = nullptr;
      out_.text.clear();
      return std::move(out_);
    }
    if (!out_.format) bits_per_weight();
    if (!out_.format && out_.text.empty()) unknown_quantization();
    if (!out_.format && out_.text.empty()) container_alone();
    if (out_.format && out_.format->id == "fp8" && among(kPerTensorFp8, context_.owner)) {
      if (const WeightFormat* per_tensor = lookup("fp8tensor")) out_.format = per_tensor;
    }
    return std::move(out_);
  }

 private:
  bool has(std::string_view word) const {
    return std::any_of(words_.begin(), words_.end(), [&](const Word& w) { return w.text == word; });
  }

  const WeightFormat* lookup(std::string_view folded) const { return format_named(catalog_, folded); }

  void take(std::size_t first, std::size_t count) {
    out_.text =
        std::string(name_.substr(words_[first].begin, words_[first + count - 1].end - words_[first].begin));
    for (std::size_t i = first; i < first + count; ++i) out_.used[i] = true;
  }

  bool foreign() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (!among(kForeign, words_[i].text)) continue;
      take(i, 1);
      return true;
    }
    return false;
  }

  /// The format of some joined words, read in the light of the container: "4bit" in an MLX repository,
  /// "NVFP4" in a GGUF file.
  const WeightFormat* read(const std::string& joined) const {
    for (const std::string_view container : containers_) {
      if (const WeightFormat* f = lookup(std::string(container) + joined)) return f;
    }
    return lookup(joined);
  }

  /// The longest run of words that is a format; of equals the last, where formats stand.
  void longest_known() {
    std::size_t best_length = 0, best_first = 0, best_count = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      std::string joined;
      for (std::size_t n = 1; n <= kMostNameWords && i + n <= words_.size(); ++n) {
        joined += fold_name(words_[i + n - 1].text);
        if (joined.size() < best_length) continue;
        if (const WeightFormat* f = read(joined)) {
          out_.format = f;
          best_length = joined.size(), best_first = i, best_count = n;
        }
      }
    }
    if (out_.format) {
      const auto [first, count] = grown(best_first, best_count);
      if (count != best_count) out_.format = nullptr;
      take(first, count);
      return;
    }
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::string& word = words_[i].text;
      if (word.size() != 4 || !word.ends_with("bit")) continue;
      take(i, 1);
      out_.format = lookup("mlx" + word);
      if (out_.format) out_.note = fmt::format("'{}' is read as {}", out_.text, out_.format->name);
    }
  }

  /// A known format inside an unknown one: Q5_K in "UD-Q5_K_XS". The words that belong to it, from, count.
  std::pair<std::size_t, std::size_t> grown(std::size_t first, std::size_t count) const {
    std::size_t end = first + count;
    while (end < words_.size() && words_[end].begin == words_[end - 1].end + 1 &&
           name_[words_[end - 1].end] == '_' &&
           (words_[end].text.size() <= 3 || words_[end].text == "mixed") &&
           !among(kNoise, words_[end].text)) {
      ++end;
    }
    if (first > 0 && words_[first - 1].text == "ud" && !has("mlx")) --first;
    return {first, end - first};
  }

  /// EXL2 and EXL3 name their bits: "4.0bpw", "6bpw".
  void bits_per_weight() {
    const bool exl2 = has("exl2");
    for (std::size_t i = 0; i < words_.size(); ++i) {
      double bits = number_before(words_[i].text, "bpw");
      std::size_t count = 1;
      if (bits < 0 && i + 1 < words_.size() && words_[i + 1].text == "bpw") {
        bits = number_before(words_[i].text, "");
        count = 2;
      }
      if (bits <= 0 || bits > 8) continue;
      take(i, count);
      // The catalog has the usual steps of a quarter or half bit; the nearest of them stands in.
      for (int step = 0; step <= 8 && !out_.format; ++step) {
        for (const double near : {bits + 0.25 * step, bits - 0.25 * step}) {
          const double quarter = std::round(near * 4) / 4;
          const bool half = std::fabs(quarter * 2 - std::round(quarter * 2)) < 1e-9;
          const std::string id = fmt::format("{}-{:.{}f}bpw", exl2 ? "exl2" : "exl3", quarter, half ? 1 : 2);
          if (!out_.format) out_.format = lookup(fold_name(id));
        }
      }
      if (out_.format && std::fabs(out_.format->bits - bits) > 1e-9)
        out_.note = fmt::format("{} is calculated for '{}'", out_.format->name, out_.text);
      return;
    }
  }

  /// "UD-Q9_K_Z": a quantization by its looks, but none that is known.
  void unknown_quantization() {
    const auto looks = [](std::string_view w) {
      for (const std::string_view start : {"iq", "tq", "q"}) {
        if (w.starts_with(start) && w.size() <= start.size() + 2 && w.size() > start.size() &&
            w[start.size()] >= '1' && w[start.size()] <= '9') {
          return true;
        }
      }
      return w == "mxfp8" || w == "mxfp6";
    };
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (!looks(words_[i].text)) continue;
      std::size_t first = i, end = i + 1;
      if (i > 0 && words_[i - 1].text == "ud") --first;
      while (end < words_.size() && words_[end].text.size() <= 3 && !among(kNoise, words_[end].text)) ++end;
      take(first, end - first);
      return;
    }
  }

  /// A container and nothing else: what its engine takes by default.
  void container_alone() {
    struct Reader {
      std::string_view container;
      std::string_view engine;
    };
    static constexpr Reader kReaders[] = {
        {"gguf", "llama.cpp"}, {"mlx", "mlx"}, {"exl3", "exllamav3"}, {"exl2", "exllamav3"}};
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (const Reader& reader : kReaders) {
        if (words_[i].text != reader.container) continue;
        out_.used[i] = true;
        const auto engine = std::find_if(catalog_.engines.begin(), catalog_.engines.end(),
                                         [&](const Engine* e) { return e->id == reader.engine; });
        if (engine != catalog_.engines.end()) out_.format = lookup(fold_name((*engine)->default_format));
        if (out_.format)
          out_.note =
              fmt::format("'{}' names no quantization: {} is assumed",
                          name_.substr(words_[i].begin, words_[i].end - words_[i].begin), out_.format->name);
        return;
      }
    }
  }

  const Catalog::Impl& catalog_;
  std::string_view name_;
  std::span<const Word> words_;
  const FormatContext& context_;
  std::vector<std::string_view> containers_;
  NamedFormat out_;
};

}  // namespace

NamedFormat find_format_words(const Catalog::Impl& catalog, std::string_view name,
                              std::span<const Word> words, const FormatContext& context) {
  return FormatSearch(catalog, name, words, context).run();
}

}  // namespace qwenfit::catalog
