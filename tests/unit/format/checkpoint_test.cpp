// Quantized checkpoints, family by family, on numbers worked out by hand.
#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "qwenfit/format.hpp"

using namespace qwenfit;
using format::TypedTensor;
using format::Weights;
using model::Part;
using model::Role;

namespace {

const catalog::Catalog& all() {
  return catalog::Catalog::builtin();
}

Weights make(std::string_view model, std::string_view format) {
  REQUIRE(all().model(model) != nullptr);
  REQUIRE(all().format(format) != nullptr);
  return format::quantize(all(), *all().model(model), *all().format(format));
}

/// The first tensor of this role and part.
TypedTensor find(const Weights& w, Role role, Part part = Part::text) {
  const auto it = std::find_if(w.tensors.begin(), w.tensors.end(), [&](const TypedTensor& t) {
    return t.tensor.role == role && t.tensor.part == part;
  });
  REQUIRE(it != w.tensors.end());
  return *it;
}

bool has(const Weights& w, Role role) {
  return std::any_of(w.tensors.begin(), w.tensors.end(),
                     [&](const TypedTensor& t) { return t.tensor.role == role; });
}

bool in_16_bit(const TypedTensor& t) {
  return (t.type->id == "bf16" || t.type->id == "f16") && t.extra == 0;
}

}  // namespace

TEST_CASE("16-bit checkpoints hold everything once, and a tied head where the files store it") {
  // Qwen3-0.6B: 596,049,920 parameters, and 151,936 x 1,024 of a head that is tied all the same.
  const Weights w = make("qwen3-0.6b", "bf16");
  CHECK(w.part_bytes(Part::text) == 2 * 596'049'920);
  CHECK(w.stored_copies() == 2 * 151'936 * 1'024);
  CHECK(w.total() == 2 * 751'632'384);
  CHECK(w.exact);

  // Qwen2.5-7B-Instruct: 15,231,271,888 bytes in four files, 38,864 of them headers.
  const Weights files = make("qwen2.5-7b", "bf16");
  CHECK(files.total() == 15'231'233'024);
  REQUIRE(files.file_bytes);
  CHECK(*files.file_bytes == Approx(15'231'271'888.0).epsilon(1e-6));
}

TEST_CASE("the n-gram table of Qwen3.8-Flash-Next is FP8 in the official 16-bit checkpoint") {
  // 2 x 128,799,735,664 + 51,200,245,760, and 280 bytes of hash constants that the inventory leaves out.
  const Weights w = make("qwen3.8-flash-next", "bf16");
  CHECK(w.part_bytes(Part::ngram) == 51'200'245'760 + 2);
  CHECK(w.total() + 280 == 308'799'717'370);
}

TEST_CASE("FP8 in blocks: a scale of two bytes for every 128x128") {
  const Weights w = make("qwen3-8b", "fp8");
  // down_proj is 4,096 x 12,288: 32 x 96 blocks.
  const TypedTensor& down = find(w, Role::ffn_down);
  CHECK(down.bytes == 4'096 * 12'288);
  CHECK(down.extra == 2 * 32 * 96);
  CHECK(in_16_bit(find(w, Role::token_embedding)));
  CHECK(in_16_bit(find(w, Role::output)));
  const Weights hybrid = make("qwen3.5-27b", "fp8");
  CHECK(in_16_bit(find(hybrid, Role::linear_a)));
  CHECK(in_16_bit(find(hybrid, Role::linear_conv)));
  CHECK(in_16_bit(find(hybrid, Role::mtp_fc, Part::mtp)));
  CHECK(find(hybrid, Role::attn_q, Part::mtp).type->id == "f8_e4m3");
  CHECK(in_16_bit(find(hybrid, Role::vision_matrix, Part::vision)));
}

TEST_CASE("FP8 with few scales") {
  // down_proj of Qwen3-8B, 4,096 outputs.
  CHECK(find(make("qwen3-8b", "fp8-dynamic"), Role::ffn_down).extra == 2 * 4'096);
  CHECK(find(make("qwen3-8b", "fp8-tensor"), Role::ffn_down).extra == 4);
  // llm-compressor does not see the MTP block.
  CHECK(in_16_bit(find(make("qwen3.5-27b", "fp8-dynamic"), Role::attn_q, Part::mtp)));
}

TEST_CASE("GPTQ: packed integers, zero points, scales and a group index") {
  // down_proj of Qwen2.5-7B is 3,584 x 18,944: 148 groups of 128 inputs.
  const TypedTensor int4 = find(make("qwen2.5-7b", "gptq-int4"), Role::ffn_down);
  CHECK(int4.bytes == 3'584 * 18'944 / 2);
  CHECK(int4.extra == 148 * 3'584 / 2 + 148 * 3'584 * 2 + 18'944 * 4);
  const TypedTensor int8 = find(make("qwen2.5-7b", "gptq-int8"), Role::ffn_down);
  CHECK(int8.bytes == 3'584 * 18'944);
  CHECK(int8.extra == 148 * 3'584 + 148 * 3'584 * 2 + 18'944 * 4);
}

TEST_CASE("AutoGPTQ's biases come on top of the model's own") {
  // Qwen2-1.5B: down_proj gains 1,536 of them, k_proj has its own.
  const Weights w = make("qwen2-1.5b", "gptq-int4");
  const std::int64_t groups = 8'960 / 128;
  CHECK(find(w, Role::ffn_down).extra == groups * 1'536 / 2 + groups * 1'536 * 2 + 8'960 * 4 + 1'536 * 2);
  const std::int64_t k_groups = 1'536 / 128;
  CHECK(find(w, Role::attn_k).extra == k_groups * 256 / 2 + k_groups * 256 * 2 + 1'536 * 4);
}

TEST_CASE("the official GPTQ files of hybrids quantize the MLP only") {
  const Weights dense = make("qwen3.5-27b", "gptq-int4");
  CHECK(find(dense, Role::ffn_up).type->id == "i4");
  CHECK(in_16_bit(find(dense, Role::attn_q)));
  CHECK(in_16_bit(find(dense, Role::linear_qkv)));
  CHECK(in_16_bit(find(dense, Role::ffn_up, Part::mtp)));
  const Weights moe = make("qwen3.5-35b-a3b", "gptq-int4");
  CHECK(find(moe, Role::expert_up).type->id == "i4");
  CHECK(in_16_bit(find(moe, Role::shared_expert_up)));
  CHECK(in_16_bit(find(moe, Role::router)));
}

TEST_CASE("AWQ: no group index; 72B files are padded; tied models store their head") {
  const TypedTensor down = find(make("qwen2.5-7b", "awq-int4"), Role::ffn_down);
  CHECK(down.extra == 148 * 3'584 / 2 + 148 * 3'584 * 2);
  const Weights padded = make("qwen2.5-72b", "awq-int4");
  CHECK(find(padded, Role::ffn_down).tensor.cols == 29'696);
  CHECK(find(padded, Role::ffn_up).tensor.rows == 29'696);
  CHECK(find(make("qwen2.5-72b", "bf16"), Role::ffn_up).tensor.rows == 29'568);
  CHECK(make("qwen2.5-3b", "awq-int4").stored_copies() == 2 * 151'936 * 2'048);
  CHECK(make("qwen2.5-3b", "gptq-int4").stored_copies() == 0);
}

TEST_CASE("compressed-tensors: scales and a shape") {
  // gate_proj of Qwen3-8B is 12,288 x 4,096: 32 groups; two int64 of shape.
  CHECK(find(make("qwen3-8b", "w4a16"), Role::ffn_gate).extra == 2 * 32 * 12'288 + 16);
  CHECK(find(make("qwen3-8b", "w8a16"), Role::ffn_gate).extra == 2 * 12'288 + 16);
  CHECK(find(make("qwen3-8b", "w8a8-int8"), Role::ffn_gate).extra == 2 * 12'288);
  // RedHatAI/Qwen3.8-27B-INT4 is 19.5 GB.
  CHECK(units::to_gb(make("qwen3.8-27b", "w4a16").total()) == Approx(19.45).margin(0.05));
}

TEST_CASE("NVFP4: a scale byte per 16 weights and two FP32 a matrix; DeltaNet's inputs stay") {
  const Weights w = make("qwen3.8-27b", "nvfp4");
  // down_proj 5,120 x 17,408
  CHECK(find(w, Role::ffn_down).total() == 5'120 * 17'408 / 2 + 5'120 * 17'408 / 16 + 8);
  CHECK(in_16_bit(find(w, Role::linear_qkv)));
  CHECK(find(w, Role::linear_output).type->id == "nvfp4");
  // Published with headers: 26,381,249,312 B.
  CHECK(w.total() == Approx(26'381'249'312.0).epsilon(2e-5));
  CHECK(w.total() < 26'381'249'312);

  CHECK(find(make("qwen3-8b", "mxfp4"), Role::ffn_down).total() == 4'096 * 12'288 / 2 + 4'096 * 12'288 / 32);
}

TEST_CASE("bitsandbytes: double quantization of NF4, one absmax per output of INT8") {
  // up_proj of Qwen2.5-7B: 18,944 x 3,584 = 67,895,296 weights, 1,060,864 blocks of 64, 4,144 of 256 of
  // those.
  const TypedTensor nf4 = find(make("qwen2.5-7b", "nf4"), Role::ffn_up);
  CHECK(nf4.bytes == 33'947'648);
  CHECK(nf4.extra == 1'060'864 + 4 * 4'144 + 4 * 272);
  CHECK(find(make("qwen2.5-7b", "bnb-int8"), Role::ffn_up).extra == 4 * 18'944);
  CHECK(in_16_bit(find(make("qwen2.5-7b", "nf4"), Role::output)));
  CHECK_FALSE(has(make("qwen3.5-27b", "nf4"), Role::mtp_fc));
}

TEST_CASE("MLX: a 16-bit scale and bias per group, embedding and head too") {
  const Weights w = make("qwen3.6-27b", "mlx-4bit");
  // embedding 248,320 x 5,120: 80 groups of 64 a row
  CHECK(find(w, Role::token_embedding).bytes == 248'320 * 2'560);
  CHECK(find(w, Role::token_embedding).extra == Bytes{248'320} * 80 * 4);
  CHECK(in_16_bit(find(w, Role::linear_conv)));
  CHECK_FALSE(has(w, Role::mtp_fc));
  CHECK(find(make("qwen3.6-35b-a3b", "mlx-4bit"), Role::router).type->id == "i8");
  CHECK(find(make("qwen1.5-moe-a2.7b", "mlx-4bit"), Role::router).type->id == "i4");
  CHECK(make("qwen3-0.6b", "mlx-4bit").stored_copies() == 0);
  CHECK(find(make("qwen2-vl-7b", "mlx-4bit"), Role::vision_matrix, Part::vision).type->id ==
        "bf16");  // 1,176
  CHECK(make("qwen2-vl-7b", "mlx-4bit").total() ==
        Approx(4.34 * static_cast<double>(units::kGiB)).epsilon(0.01));
  CHECK(find(make("qwen3-8b", "mlx-mxfp8"), Role::ffn_down).total() == 4'096 * 12'288 + 4'096 * 12'288 / 32);
}

TEST_CASE("MLX files of mlx-community, to the byte") {
  // storage_size of the cards that exo keeps of them
  CHECK(make("qwen3.6-27b", "mlx-4bit").total() == 16'054'262'240);
  CHECK(make("qwen3.6-27b", "mlx-8bit").total() == 29'500'938'720);
  CHECK(make("qwen3.6-35b-a3b", "mlx-4bit").total() == 20'401'929'952);
  CHECK(make("qwen3.6-35b-a3b", "mlx-5bit").total() == 24'731'729'632);
  CHECK(make("qwen3.6-35b-a3b", "mlx-8bit").total() == 37'721'128'672);
  // Files of Qwen3.5 keep A_log in FP32: 2 bytes more for each of 32 heads in 24 layers.
  CHECK(make("qwen3.5-9b", "mlx-4bit").total() + 2 * 32 * 24 == 5'950'062'560);
}

TEST_CASE("EXL: bits as asked on average, six for the head, not exact") {
  const Weights w = make("qwen3-8b", "exl3-4.0bpw");
  CHECK_FALSE(w.exact);
  CHECK(w.relative_error > 0);
  CHECK(find(w, Role::ffn_down).bytes == 4'096 * 12'288 / 2);
  CHECK(find(w, Role::ffn_down).extra == 2 * (4'096 + 12'288) + 4);
  CHECK(find(w, Role::output).bytes == Bytes{151'936} * 4'096 * 6 / 8);
  // A tied model gets a packed head beside its embedding.
  const Weights tied = make("qwen3-4b", "exl3-4.0bpw");
  CHECK_FALSE(find(tied, Role::output).stored_copy);
  CHECK(in_16_bit(find(tied, Role::token_embedding)));
  CHECK(find(make("qwen3.5-27b", "exl3-6.0bpw"), Role::ffn_up, Part::mtp).bytes == Bytes{17'408} * 5'120 / 2);
}

TEST_CASE("bits of the catalog are those of a large matrix, with scales") {
  for (const catalog::WeightFormat* format : all().formats()) {
    if (format::layout_of(*format) == model::Layout::gguf) continue;
    const TypedTensor t = find(make("qwen3-32b", format->id), Role::ffn_down);
    const double bits = static_cast<double>(t.total()) * 8 / static_cast<double>(t.tensor.elements());
    INFO(format->id << ": " << bits);
    CHECK(bits == Approx(format->bits).epsilon(0.003));
  }
}
