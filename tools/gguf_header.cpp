// What llama.cpp wants to know of a model, and where its tensors are.
#include "gguf_header.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "format/ggml.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"

namespace qwenfit::tools {
namespace {

using catalog::Arch;
using model::Part;

/// Numbers of ggml's types (ggml.h: enum ggml_type).
constexpr std::pair<std::string_view, std::uint32_t> kTypes[] = {
    {"f32", 0},    {"f16", 1},     {"q4_0", 2},     {"q4_1", 3},    {"q5_0", 6},
    {"q5_1", 7},   {"q8_0", 8},    {"q2_k", 10},    {"q3_k", 11},   {"q4_k", 12},
    {"q5_k", 13},  {"q6_k", 14},   {"iq2_xxs", 16}, {"iq2_xs", 17}, {"iq3_xxs", 18},
    {"iq1_s", 19}, {"iq4_nl", 20}, {"iq3_s", 21},   {"iq2_s", 22},  {"iq4_xs", 23},
    {"iq1_m", 29}, {"bf16", 30},   {"tq1_0", 34},   {"tq2_0", 35},  {"mxfp4", 39}};

std::uint32_t type_number(std::string_view id) {
  for (const auto& [name, number] : kTypes) {
    if (name == id) return number;
  }
  throw Error(ErrorCode::unsupported, fmt::format("ggml has no type {}", id));
}

class Writer {
 public:
  template <class T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);  // NOLINT(*-reinterpret-cast)
  }
  void text(std::string_view s) {
    number<std::uint64_t>(s.size());
    bytes_ += s;
  }
  void key(std::string_view name, std::string_view value) {
    text(name);
    number<std::uint32_t>(8);
    text(value);
    ++keys_;
  }
  void key(std::string_view name, std::int64_t value) {
    text(name);
    number<std::uint32_t>(4);
    number(static_cast<std::uint32_t>(value));
    ++keys_;
  }
  void key(std::string_view name, float value) {
    text(name);
    number<std::uint32_t>(6);
    number(value);
    ++keys_;
  }
  void key(std::string_view name, const std::array<std::int32_t, 4>& values) {
    text(name);
    number<std::uint32_t>(9);
    number<std::uint32_t>(5);
    number<std::uint64_t>(values.size());
    for (const std::int32_t v : values) number(v);
    ++keys_;
  }
  void key(std::string_view name, const std::vector<std::string_view>& texts) {
    text(name);
    number<std::uint32_t>(9);
    number<std::uint32_t>(8);
    number<std::uint64_t>(texts.size());
    for (const std::string_view t : texts) text(t);
    ++keys_;
  }
  std::uint64_t keys() const { return keys_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::uint64_t keys_ = 0;
};

std::string_view arch_name(const catalog::Model& m) {
  const bool towers = m.geometry.vision.has_value() || m.geometry.audio.has_value();
  switch (m.arch) {
    case Arch::qwen: return "qwen";
    case Arch::qwen2: return m.geometry.vision ? "qwen2vl" : "qwen2";
    case Arch::qwen2_moe: return "qwen2moe";
    case Arch::qwen3: return towers ? "qwen3vl" : "qwen3";
    case Arch::qwen3_moe: return towers ? "qwen3vlmoe" : "qwen3moe";
    case Arch::qwen3_next: return "qwen3next";
    case Arch::qwen3_5: return "qwen35";
    case Arch::qwen3_5_moe: return "qwen35moe";
    case Arch::qwen4_exp: return "qwen4exp";
    default: throw Error(ErrorCode::unsupported, fmt::format("no GGUF header is known for {}", m.name));
  }
}

/// llama.cpp's number of a file type, where it has one of this name.
std::optional<std::int64_t> file_type(const catalog::WeightFormat& format) {
  for (std::int64_t number = 0; number < 64; ++number) {
    const std::string name = input::gguf_file_type(number);
    if (!name.empty() && name == format.name) return number;
  }
  return std::nullopt;
}

/// The keys that llama.cpp's loader asks for, and no tokenizer.
void write_keys(Writer& w, const catalog::Model& m, const catalog::WeightFormat& format, bool mtp) {
  const catalog::Geometry& g = m.geometry;
  const std::string a(arch_name(m));
  w.key("general.architecture", a);
  w.key("general.name", m.name);
  if (const auto number = file_type(format)) w.key("general.file_type", *number);
  w.key("tokenizer.ggml.model", "none");
  w.key(a + ".vocab_size", std::int64_t{g.vocab_size});
  w.key(a + ".context_length", std::int64_t{m.context.native});
  w.key(a + ".embedding_length", std::int64_t{g.hidden_size});
  w.key(a + ".block_count", std::int64_t{g.layers + (mtp ? g.mtp_layers : 0)});
  // The graph of Qwen v1 halves it.
  w.key(a + ".feed_forward_length",
        std::int64_t{m.arch == Arch::qwen ? 2 * g.intermediate_size : g.intermediate_size});
  w.key(a + ".attention.head_count", std::int64_t{g.heads});
  w.key(a + ".attention.head_count_kv", std::int64_t{g.kv_heads});
  w.key(a + ".attention.key_length", std::int64_t{g.head_dim});
  w.key(a + ".attention.value_length", std::int64_t{g.head_dim});
  w.key(a + ".attention.layer_norm_rms_epsilon", 1e-6F);
  w.key(a + ".rope.dimension_sections", std::array<std::int32_t, 4>{11, 11, 10, 0});
  if (mtp) w.key(a + ".nextn_predict_layers", std::int64_t{g.mtp_layers});
  if (g.moe) {
    w.key(a + ".expert_count", std::int64_t{g.moe->experts});
    w.key(a + ".expert_used_count", std::int64_t{g.moe->experts_per_token});
    w.key(a + ".expert_feed_forward_length", std::int64_t{g.moe->expert_width});
    w.key(a + ".expert_shared_feed_forward_length", std::int64_t{g.moe->shared_expert_width});
  }
  if (g.linear_attention) {
    const catalog::LinearAttention& l = *g.linear_attention;
    w.key(a + ".ssm.conv_kernel", std::int64_t{l.conv_kernel});
    w.key(a + ".ssm.inner_size", std::int64_t{l.value_heads} * l.value_head_dim);
    w.key(a + ".ssm.state_size", std::int64_t{l.key_head_dim});
    w.key(a + ".ssm.time_step_rank", std::int64_t{l.value_heads});
    w.key(a + ".ssm.group_count", std::int64_t{l.key_heads});
    w.key(a + ".full_attention_interval", std::int64_t{l.full_attention_interval});
    w.key(a + ".rope.dimension_count", std::int64_t{64});
  }
  if (g.qwen4_exp) {
    const catalog::Qwen4Exp& x = *g.qwen4_exp;
    w.key(a + ".hyper_connection.count", std::int64_t{x.hyper_connections});
    w.key(a + ".hyper_connection.low_rank", std::int64_t{x.hyper_rank});
    w.key(a + ".attention.indexer.head_count", std::int64_t{x.indexer_heads});
    w.key(a + ".attention.indexer.key_length", std::int64_t{x.indexer_head_dim});
    w.key(a + ".attention.indexer.top_k", std::int64_t{x.indexer_budget});
    w.key(a + ".ple.layers", std::int64_t{x.ple_layer});
    w.key(a + ".ple.ngram_size", std::int64_t{x.ngram_size});
    w.key(a + ".ple.heads_per_ngram", std::int64_t{x.ngram_heads});
    w.key(a + ".ple.conv_kernel", std::int64_t{x.ple_conv_kernel});
  }
  if (g.vision && a.starts_with("qwen3vl"))
    w.key(a + ".n_deepstack_layers", std::int64_t{g.talker ? 0 : g.vision->deepstack_mergers});
}

}  // namespace

GgufHeader gguf_header(const format::Weights& weights) {
  const catalog::Model& m = *weights.model;
  Writer infos;
  std::uint64_t tensors = 0;
  std::uint64_t offset = 0;
  bool mtp = false;
  std::vector<std::string_view> classes;  // of a reranker
  for (const format::TypedTensor& t : weights.tensors) {
    if (t.tensor.part != Part::text && t.tensor.part != Part::mtp && t.tensor.part != Part::ngram) continue;
    mtp = mtp || t.tensor.part == Part::mtp;
    const int count = format::gguf_tensor_count(t.tensor);
    for (int i = 0; i < count; ++i) {
      const std::string name = format::gguf_name(m, t.tensor, i);
      infos.text(name);
      if (name == "cls.output.weight") classes.resize(static_cast<std::size_t>(t.tensor.rows), "class");
      const bool merged = count == 1 && t.tensor.count > 1;
      std::vector<std::int64_t> ne{t.tensor.is_vector ? t.tensor.rows : t.tensor.cols};
      if (!t.tensor.is_vector) ne.push_back(t.tensor.rows);
      if (merged) ne.push_back(t.tensor.count);
      infos.number(static_cast<std::uint32_t>(ne.size()));
      for (const std::int64_t n : ne) infos.number(static_cast<std::uint64_t>(n));
      infos.number(type_number(t.type->id));
      infos.number(offset);
      offset += static_cast<std::uint64_t>(units::round_up(t.bytes / count, kGgufAlignment));
      ++tensors;
    }
  }
  Writer keys;
  write_keys(keys, m, *weights.format, mtp);
  if (!classes.empty()) keys.key(fmt::format("{}.classifier.output_labels", arch_name(m)), classes);
  Writer head;
  for (const char c : {'G', 'G', 'U', 'F'}) head.number(c);
  head.number<std::uint32_t>(3);
  head.number(tensors);
  head.number(keys.keys());
  GgufHeader out{head.bytes() + keys.bytes() + infos.bytes(), static_cast<Bytes>(offset)};
  out.bytes.resize(static_cast<std::size_t>(units::round_up(std::ssize(out.bytes), kGgufAlignment)), '\0');
  return out;
}

}  // namespace qwenfit::tools
