#include "ggml_rules.hpp"

namespace qwenfit::format::ggml_rules {

File file_type(const catalog::WeightFormat& format) {
  static constexpr std::pair<std::string_view, File> kNames[] = {
      {"iq1_s", iq1_s},   {"iq1_m", iq1_m},        {"iq2_xxs", iq2_xxs}, {"iq2_xs", iq2_xs},
      {"iq2_s", iq2_s},   {"iq2_m", iq2_m},        {"iq3_xxs", iq3_xxs}, {"iq3_xs", iq3_xs},
      {"iq3_s", iq3_s},   {"iq3_m", iq3_m},        {"iq4_xs", iq4_xs},   {"iq4_nl", iq4_nl},
      {"q2_0", q2_0},     {"tq1_0", tq1_0},        {"tq2_0", tq2_0},     {"q2_k_s", q2_k_s},
      {"q2_k", q2_k},     {"q3_k_s", q3_k_s},      {"q3_k_m", q3_k_m},   {"q3_k_l", q3_k_l},
      {"q4_0", q4_0},     {"q4_k_s", q4_k_s},      {"q4_k_m", q4_k_m},   {"q5_0", q5_0},
      {"q5_k_m", q5_k_m}, {"mxfp4_moe", mxfp4_moe}};
  for (const auto& [name, file] : kNames) {
    if ((format.recipe.empty() ? format.id : format.recipe) == name) return file;
  }
  return any_other;
}

namespace {

constexpr Rule kRules[] = {
    {iq1_s | iq1_m | iq2_xxs | iq2_xs, Category::embedding, always, "q2_k"},
    {iq2_s | iq2_m | iq3_xxs, Category::embedding, always, "iq3_s"},
    {q2_0 | tq1_0 | tq2_0, Category::embedding, always, "q4_k"},

    {kBelow3Bits, Category::attn_k, experts_8, "q4_k"},
    {kFrom3Bits, Category::attn_k, experts_8, "q8_0"},
    {iq3_xs, Category::attn_k, always, "iq3_xxs"},
    {iq3_xxs, Category::attn_k, always, "iq2_s"},
    {iq3_xs, Category::attn_q, always, "iq3_xxs"},
    {iq3_xxs, Category::attn_q, always, "iq2_s"},

    {kBelow3Bits, Category::attn_v, gqa_4, "q4_k"},
    {kBelow3Bits, Category::attn_v, experts_4, "q4_k"},
    {iq2_s | iq2_m, Category::attn_v, always, "iq3_s"},
    {kBelow3Bits, Category::attn_v, always, "q2_k"},
    {kFrom3Bits, Category::attn_v, experts_8, "q8_0"},
    {q2_k | q2_k_s | iq3_xxs | iq3_xs | iq3_s, Category::attn_v, gqa_4, "q4_k"},
    {q2_k, Category::attn_v, always, "q3_k"},
    {iq3_xxs, Category::attn_v, no_imatrix, "iq3_s"},
    {iq3_m, Category::attn_v, always, "q4_k"},
    {q3_k_m, Category::attn_v, first_2, "q5_k"},
    {q3_k_m, Category::attn_v, always, "q4_k"},
    {q3_k_l, Category::attn_v, always, "q5_k"},
    {iq4_nl | iq4_xs, Category::attn_v, gqa_4, "q5_k"},
    {q4_k_m | q5_k_m, Category::attn_v, more_bits, "q6_k"},
    {q4_k_s, Category::attn_v, first_4, "q5_k"},

    {q3_k_m | q3_k_l | iq3_m, Category::fused_qkv, always, "q4_k"},
    {q4_k_m, Category::fused_qkv, always, "q5_k"},
    {q5_k_m, Category::fused_qkv, always, "q6_k"},

    {kBelow3Bits | q2_k | q3_k_s | q3_k_m | q4_k_s | q4_k_m | iq3_xxs | iq3_xs | iq3_s | iq3_m | iq4_nl |
         iq4_xs,
     Category::attn_output, experts_8, "q5_k"},
    {kFrom3Bits, Category::attn_output, experts_8, ""},
    {iq1_s | iq1_m, Category::attn_output, always, "iq2_xxs"},
    {iq2_s | iq2_m | iq3_xxs, Category::attn_output, always, "iq3_s"},
    {q2_k, Category::attn_output, always, "q3_k"},
    {q3_k_m | iq3_m, Category::attn_output, always, "q4_k"},
    {q3_k_l, Category::attn_output, always, "q5_k"},

    {iq3_xs, Category::ffn_gate_up, inner_layers, "iq3_xxs"},

    {iq2_s | iq2_m, Category::ffn_down, first_8th, "iq3_s"},
    {kBelow3Bits, Category::ffn_down, first_8th, "q2_k"},
    {q2_k, Category::ffn_down, always, "q3_k"},
    {q2_k_s, Category::ffn_down, first_8th, "q4_k"},
    {iq3_xxs, Category::ffn_down, no_imatrix | first_8th, "q4_k"},
    {iq3_xxs, Category::ffn_down, no_imatrix, "q3_k"},
    {q3_k_m, Category::ffn_down, first_16th, "q5_k"},
    {q3_k_m, Category::ffn_down, always, "q4_k"},
    {q3_k_l, Category::ffn_down, always, "q5_k"},
    {iq3_m, Category::ffn_down, first_8th, "q4_k"},
    {iq3_m, Category::ffn_down, experts_8 | more_bits, "q4_k"},
    {iq4_nl | iq4_xs, Category::ffn_down, no_imatrix | first_8th, "q5_k"},
    {q4_k_s, Category::ffn_down, first_8th, "q5_k"},
    {q4_k_m | q5_k_m, Category::ffn_down, more_bits, "q6_k"},
    {q4_0, Category::ffn_down, with_imatrix | first_8th, "q4_1"},
    {q5_0, Category::ffn_down, with_imatrix | first_8th, "q5_1"},
};

}  // namespace

std::span<const Rule> rules() {
  return kRules;
}

std::string_view fallback(std::string_view type) {
  static constexpr std::pair<std::string_view, std::string_view> kFallbacks[] = {
      {"q4_k", "q5_0"}, {"q5_k", "q5_1"}, {"q6_k", "q8_0"},  {"q2_0", "q4_0"},
      {"q2_k", "q4_0"}, {"q3_k", "q4_0"}, {"tq1_0", "q4_0"}, {"tq2_0", "q4_0"}};
  for (const auto& [from, to] : kFallbacks) {
    if (type == from) return to;
  }
  return type.starts_with("iq") ? "iq4_nl" : "";
}

}  // namespace qwenfit::format::ggml_rules
