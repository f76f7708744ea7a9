// What reports for people say of an estimate: the sentences and figures that text and Markdown share.
#pragma once

#include <string>
#include <vector>

#include "qwenfit/estimate.hpp"
#include "screen.hpp"

namespace qwenfit::report {

/// "Qwen3-8B Q4_K_M, llama.cpp on 2x NVIDIA GeForce RTX 4090".
std::string headline(const Estimate& estimate);

/// What is assumed: "8.19B parameters, context 8,192, KV cache f16".
std::string assumptions(const Estimate& estimate);

/// "Fits comfortably: needs 6.4 GiB of 23.5 GiB usable".
std::string verdict_sentence(const Estimate& estimate);

/// Green, yellow or red.
Tone tone_of(Verdict verdict);

/// A line about speed, limits or cost.
struct Fact {
  std::string label;
  std::string figure;
  std::string unit;
  std::string remark;
};

/// Speed with its ranges, limits, cost; speed and cost only of what runs.
std::vector<Fact> facts_of(const Estimate& estimate);

/// What the speed rests on, in a sentence; empty without a speed.
std::string footing(const Estimate& estimate);

/// "decode at least 25 tok/s: it is 142".
std::string sentence_of(const Requirement& requirement);

}  // namespace qwenfit::report
