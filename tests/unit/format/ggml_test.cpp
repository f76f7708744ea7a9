// Single rules of llama-quantize's mixes, each with the reason it exists.
#include <set>

#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/format.hpp"

using namespace qwenfit;
using format::RecipeOptions;
using model::Role;

namespace {

const catalog::Catalog& catalog_of_all() {
  return catalog::Catalog::builtin();
}

format::Weights make(const catalog::Model& model, std::string_view format, RecipeOptions options = {}) {
  options.gguf = true;
  return format::quantize(catalog_of_all(), model, *catalog_of_all().format(format), options);
}

format::Weights make(std::string_view model, std::string_view format, const RecipeOptions& options = {}) {
  return make(*catalog_of_all().model(model), format, options);
}

/// The type of the tensor of this name.
std::string type_of(const format::Weights& w, std::string_view name) {
  for (const format::TypedTensor& t : w.tensors) {
    if (format::gguf_name(*w.model, t.tensor) == name) return std::string(t.type->id);
  }
  return "absent";
}

}  // namespace

TEST_CASE("GGUF names follow llama.cpp's") {
  const format::Weights hybrid = make("qwen3.5-35b-a3b", "bf16", {false, false, true});
  std::set<std::string> names;
  for (const format::TypedTensor& t : hybrid.tensors)
    names.insert(format::gguf_name(*hybrid.model, t.tensor));
  for (const char* name :
       {"token_embd.weight", "blk.0.attn_qkv.weight", "blk.0.attn_gate.weight", "blk.0.ssm_a",
        "blk.0.ssm_dt.bias", "blk.3.attn_q.weight", "blk.39.post_attention_norm.weight",
        "blk.40.ffn_gate_inp_shexp.weight", "blk.40.nextn.eh_proj.weight", "output.weight"}) {
    INFO(name);
    CHECK(names.count(name) == 1);
  }
  const format::Weights dense = make("qwen3-0.6b", "bf16");
  CHECK(type_of(dense, "blk.0.ffn_norm.weight") == "f32");
  CHECK(type_of(dense, "output.weight") == "absent");  // tied
  const model::Tensor norms{Role::mtp_norm, model::Part::mtp, 40, true, 2048, 1, 3};
  CHECK(format::gguf_name(*hybrid.model, norms, 2) == "blk.40.nextn.shared_head_norm.weight");
}

TEST_CASE("a tied embedding gets the type of a head") {
  CHECK(type_of(make("qwen3-0.6b", "q4_k_m"), "token_embd.weight") == "q6_k");
  CHECK(type_of(make("qwen3-8b", "q4_k_m"), "token_embd.weight") == "q4_k");
  CHECK(type_of(make("qwen3-8b", "q4_k_m"), "output.weight") == "q6_k");
}

TEST_CASE("Q4_K_M gives half of the value and down projections more bits") {
  // 36 layers: the first and the last eighth, and every third between.
  const format::Weights w = make("qwen3-8b", "q4_k_m");
  for (const char* layer : {"0", "3", "6", "9", "27", "31", "35"}) {
    INFO(layer);
    CHECK(type_of(w, "blk." + std::string(layer) + ".attn_v.weight") == "q6_k");
    CHECK(type_of(w, "blk." + std::string(layer) + ".ffn_down.weight") == "q6_k");
  }
  CHECK(type_of(w, "blk.4.attn_v.weight") == "q4_k");
  CHECK(type_of(w, "blk.30.ffn_down.weight") == "q6_k");
  CHECK(type_of(w, "blk.29.ffn_down.weight") == "q4_k");
}

TEST_CASE("rows that no block of 256 divides fall back to a block of 32") {
  const format::Weights w = make("qwen2.5-0.5b", "q4_k_m");  // 896 columns
  CHECK(type_of(w, "blk.0.attn_q.weight") == "q5_0");
  CHECK(type_of(w, "token_embd.weight") == "q8_0");
  CHECK(type_of(w, "blk.0.ffn_down.weight") == "q6_k");  // 4864 = 19 x 256
}

TEST_CASE("Qwen2 with 80 layers counts as llama.cpp's 70B; its vision sibling does not") {
  CHECK(type_of(make("qwen2.5-72b", "q4_k_m"), "blk.10.attn_v.weight") == "q5_k");
  CHECK(type_of(make("qwen2.5-vl-72b", "q4_k_m"), "blk.10.attn_v.weight") == "q4_k");
}

TEST_CASE("an importance matrix changes the first down projections of Q4_0") {
  CHECK(type_of(make("qwen3-8b", "q4_0"), "blk.0.ffn_down.weight") == "q4_0");
  CHECK(type_of(make("qwen3-8b", "q4_0", {true}), "blk.0.ffn_down.weight") == "q4_1");
  CHECK(type_of(make("qwen3-8b", "q4_0", {true}), "blk.4.ffn_down.weight") == "q4_0");
}

TEST_CASE("a type that needs an importance matrix implies one, and only then") {
  CHECK(make("qwen3-8b", "iq3_xxs").total() == make("qwen3-8b", "iq3_xxs", {true}).total());
  // All IQ3_XXS tensors of this one fall back to IQ4_NL, so llama-quantize asks for none.
  CHECK(make("qwen2.5-0.5b", "iq3_xxs").total() != make("qwen2.5-0.5b", "iq3_xxs", {true}).total());
}

TEST_CASE("older llama-quantize had another rule for fused q, k, v") {
  CHECK(type_of(make("qwen3.5-9b", "iq4_xs"), "blk.0.attn_qkv.weight") == "q5_k");
  CHECK(type_of(make("qwen3.5-9b", "iq4_xs", {false, true}), "blk.0.attn_qkv.weight") == "iq4_xs");
  CHECK(type_of(make("qwen3.5-9b", "q4_k_m", {false, true}), "blk.0.attn_qkv.weight") == "q5_k");
}

TEST_CASE("MXFP4_MOE quantizes the experts and keeps 8 bit elsewhere") {
  const format::Weights w = make("qwen3-30b-a3b", "mxfp4_moe");
  CHECK(type_of(w, "blk.0.ffn_up_exps.weight") == "mxfp4");
  CHECK(type_of(w, "blk.0.attn_q.weight") == "q8_0");
  CHECK(type_of(w, "blk.0.ffn_gate_inp.weight") == "f32");
}

TEST_CASE("16-bit GGUF files keep vectors and routers in 32 bit, checkpoints do not") {
  const format::Weights gguf = make("qwen3-30b-a3b", "bf16");
  CHECK(type_of(gguf, "blk.0.ffn_gate_inp.weight") == "f32");
  CHECK(type_of(gguf, "blk.0.attn_q.weight") == "bf16");
  const format::Weights checkpoint = format::quantize(
      catalog_of_all(), *catalog_of_all().model("qwen3-30b-a3b"), *catalog_of_all().format("bf16"));
  CHECK(checkpoint.total() == 30532122624 * 2);
  CHECK(gguf.total() > checkpoint.total());
  CHECK(make("qwen3-30b-a3b", "copy").total() == gguf.total());
}

TEST_CASE("the MTP block is in the file when asked for, and never in that of Qwen3.8-Flash-Next") {
  const RecipeOptions mtp{false, false, true};
  CHECK(make("qwen3.5-9b", "q8_0").part_bytes(model::Part::mtp) == 0);
  CHECK(make("qwen3.5-9b", "q8_0", mtp).part_bytes(model::Part::mtp) > 0);
  CHECK(make("qwen3.8-flash-next", "q8_0", mtp).part_bytes(model::Part::mtp) == 0);
}

TEST_CASE("a reranker's file has two rows of a head") {
  const format::Weights w = make("qwen3-vl-reranker-8b", "q8_0");
  CHECK(type_of(w, "cls.output.weight") == "q8_0");
  CHECK(type_of(w, "output.weight") == "absent");
}

TEST_CASE("a block that does not divide the rows is refused with the tensor's name") {
  CHECK_THROWS_WITH(
      make("qwen3.8-flash-next", "q1_0"),
      "Q1_0 can't hold Qwen3.8-Flash-Next: the rows of blk.0.hc_attn_up.weight have 320 weights, no "
      "multiple of its block of 128");
}

TEST_CASE("eight experts follow the rules made for Mixtral") {
  catalog::Model model = *catalog_of_all().model("qwen3-30b-a3b");
  model.geometry.moe->experts = 8;
  const format::Weights w = make(model, "q4_k_m");
  CHECK(type_of(w, "blk.0.attn_v.weight") == "q8_0");
  CHECK(type_of(w, "blk.0.attn_k.weight") == "q8_0");
  CHECK(type_of(w, "blk.0.attn_output.weight") == "q5_k");
  CHECK(type_of(make(model, "iq2_m"), "blk.0.attn_k.weight") == "q4_k");
}
