// Which format to take: docs/questions.md says the policy in words.
#include <fmt/format.h>

#include <algorithm>

#include "quality.hpp"

namespace qwenfit {
namespace {

// Mean KL divergence to the unquantized model, and share of its benchmark scores. Below the first pair hardly
// anybody sees a difference, beyond the second nearly everybody does.
constexpr double kBalancedDivergence = 0.03;
constexpr double kUsableDivergence = 0.12;
constexpr double kBalancedAccuracy = 0.98;
constexpr double kUsableAccuracy = 0.95;
// Formats that nobody has measured are taken by their bits per weight.
constexpr double kBalancedBits = 4.4;
constexpr double kUsableBits = 3.4;
/// Of the divergence or the loss of accuracy: what is better at least by this counts as the next better.
constexpr double kNextBetter = 0.5;

Grade grade(double figure, double balanced, double usable) {
  return figure >= balanced ? Grade::balanced : figure >= usable ? Grade::holds_up : Grade::poor;
}

bool fits_well(const Quant& q) {
  return !q.verdict || *q.verdict == Verdict::comfortable || *q.verdict == Verdict::fits;
}

/// Whether somebody measured what the format loses: unquantized weights lose nothing, which says nothing of
/// the others.
bool is_scored(const Quant& q) {
  return q.format->scheme != catalog::Scheme::plain && (q.quality.kl_divergence || q.quality.accuracy_kept);
}

/// A figure for the loss of quality; formats of an answer that have one are comparable.
std::optional<double> loss(const Quant& q) {
  if (q.quality.kl_divergence) return q.quality.kl_divergence;
  if (q.quality.accuracy_kept) return std::max(0.0, 1 - *q.quality.accuracy_kept);
  if (q.format->scheme == catalog::Scheme::plain) return 0;
  return std::nullopt;
}

Grade grade_of(const Quant& q) {
  return grade_of(q.quality, q.bits);
}

class Picker {
 public:
  explicit Picker(QuantsAnswer& answer) : answer_(answer) {
    const auto scored = [](const Quant& q) { return is_scored(q); };
    all_unscored_ = std::none_of(answer.quants.begin(), answer.quants.end(), scored);
  }

  void run() {
    if (answer_.quants.empty()) return;
    const Quant* star =
        smallest([](const Quant& q) { return grade_of(q) == Grade::balanced && fits_well(q); });
    std::string why = "best balance of quality and memory";
    if (!star) {
      star = largest([](const Quant& q) { return grade_of(q) == Grade::holds_up && fits_well(q); });
      why = "the best that fits";
    }
    if (!star) {
      star = smallest([](const Quant& q) {
        return grade_of(q) != Grade::poor && q.verdict && *q.verdict == Verdict::tight;
      });
      why = "it only just fits, and larger ones do not";
    }
    if (!star) {
      star = smallest([](const Quant& q) {
        return grade_of(q) == Grade::balanced && q.verdict && *q.verdict == Verdict::offload;
      });
      why = "with a part in host memory: nothing that holds up fits the device alone";
    }
    if (!star) {
      answer_.advice = "No format that holds up fits.";
      return;
    }
    answer_.recommended = static_cast<std::size_t>(star - answer_.quants.data());
    answer_.advice = fmt::format("{}: {}", star->format->name, why);
    say_next_better(*star);
    say_smallest(*star);
    answer_.advice += '.';
  }

 private:
  bool eligible(const Quant& q) const {
    return is_scored(q) || all_unscored_ || q.format->scheme == catalog::Scheme::plain;
  }

  template <class F>
  const Quant* smallest(F&& accepts) const {
    const Quant* best = nullptr;
    for (const Quant& q : answer_.quants) {
      if (eligible(q) && accepts(q) && (!best || q.file_bytes < best->file_bytes)) best = &q;
    }
    return best;
  }

  template <class F>
  const Quant* largest(F&& accepts) const {
    const Quant* best = nullptr;
    for (const Quant& q : answer_.quants) {
      if (eligible(q) && accepts(q) && (!best || q.file_bytes > best->file_bytes)) best = &q;
    }
    return best;
  }

  void say_next_better(const Quant& star) {
    if (star.format->scheme == catalog::Scheme::plain) return;  // nothing is better than unquantized
    const auto now = loss(star);
    if (!now) return;  // what is better than something unknown is not known
    const Quant* next = smallest([&](const Quant& q) {
      const auto then = loss(q);
      return q.file_bytes > star.file_bytes && then && *then <= *now * kNextBetter;
    });
    if (!next) return;
    // An engine that fills the device with its KV pool takes the same memory with every format.
    answer_.advice += answer_.fills_memory
                          ? fmt::format("; {} if {} less for the KV cache will do", next->format->name,
                                        units::format_bytes(next->file_bytes - star.file_bytes))
                          : fmt::format("; {} if you have {} more", next->format->name,
                                        units::format_bytes(std::max<Bytes>(next->memory - star.memory, 0)));
  }

  void say_smallest(const Quant& star) {
    const Quant* least = smallest([](const Quant& q) { return grade_of(q) != Grade::poor; });
    if (least && least->file_bytes < star.file_bytes)
      answer_.advice += fmt::format("; smallest that holds up: {}", least->format->name);
  }

  QuantsAnswer& answer_;
  bool all_unscored_ = false;
};

}  // namespace

Grade grade_of(const QuantQuality& q, double bits) {
  if (q.kl_divergence) return grade(-*q.kl_divergence, -kBalancedDivergence, -kUsableDivergence);
  if (q.accuracy_kept) return grade(*q.accuracy_kept, kBalancedAccuracy, kUsableAccuracy);
  return grade(bits, kBalancedBits, kUsableBits);
}

void recommend_quant(QuantsAnswer& answer) {
  Picker(answer).run();
}

}  // namespace qwenfit
