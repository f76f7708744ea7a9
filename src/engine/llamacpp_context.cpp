#include "llamacpp_context.hpp"

#include <algorithm>

#include "version_point.hpp"

namespace qwenfit::engine::llamacpp {
namespace {

constexpr std::int64_t kPadding = 256;
constexpr std::int64_t kServerSlots = 4;

}  // namespace

Version version_of(const Setup& setup) {
  Version v;
  // Both reserve logits for the whole batch and move whole layers; Ollama serves one user unless it is told
  // more.
  if (setup.engine->id != "llama.cpp") {
    v.limits_outputs = v.fits_layers = false;
    v.shared_slots = setup.engine->id == "lmstudio";
    return v;
  }
  if (setup.engine->versions.empty() || setup.engine_version.empty()) return v;
  const std::string date = version_point(*setup.engine, setup.engine_version).date;
  v.keeps_fused = date >= "2026-09-01";
  v.half_mask = v.limits_outputs = date >= "2026-07-01";
  v.splits_rows = date < "2026-07-09";
  v.plans_scratch = date >= "2026-06-08";
  v.rotates_cache = date >= "2026-04-01";
  v.offloads_all = date >= "2025-08-30";
  v.shared_slots = date >= "2025-11-02";
  v.fits_layers = date >= "2025-12-15";
  return v;
}

bool drafts_with_mtp(const Setup& setup) {
  return setup.speculative && setup.speculative->method == "mtp" && setup.model->geometry.mtp_layers > 0;
}

int rolled_back_tokens(const Setup& setup) {
  if (!setup.speculative) return 0;
  const std::string& method = setup.speculative->method;
  return method == "mtp" || method == "eagle3" || method == "dflash" ? setup.speculative->tokens : 0;
}

Slots slots_of(const Setup& setup, const Version& version) {
  const LlamaOptions& l = setup.llama;
  if (l.parallel_slots && !l.slots_follow) {
    return {std::max<std::int64_t>(*l.parallel_slots, setup.concurrency), l.kv_unified.value_or(false)};
  }
  if (setup.concurrency == 1 && l.server && version.shared_slots) return {kServerSlots, true};
  return {setup.concurrency, l.slots_follow ? false : l.kv_unified.value_or(false)};
}

ContextShape context_of(const Setup& setup, const Version& version) {
  const LlamaOptions& l = setup.llama;
  const Slots slots = slots_of(setup, version);
  const std::int64_t asked = slots.unified ? setup.context : setup.context * slots.count;
  const std::int64_t batch = std::min<std::int64_t>(asked, l.batch);
  ContextShape c;
  c.sequences = slots.count;
  c.streams = slots.unified ? 1 : slots.count;
  std::int64_t all = align_up(asked, kPadding);
  c.cells = slots.unified ? all : align_up(all / slots.count, kPadding);
  all = c.cells * c.streams;
  const std::int64_t micro = std::min({all, batch, std::int64_t{l.ubatch}});
  c.tokens = align_up(micro, slots.count);
  const std::int64_t drafted = setup.speculative ? setup.speculative->tokens : 0;
  const bool few = l.server && version.limits_outputs && !setup.model->geometry.headless;
  c.outputs = std::min(micro, few ? std::min(batch, slots.count * (1 + drafted)) : batch);
  const catalog::Arch arch = setup.model->arch;
  const bool rolls_back = arch == catalog::Arch::qwen3_5 || arch == catalog::Arch::qwen3_5_moe ||
                          arch == catalog::Arch::qwen4_exp;
  c.snapshots = 1 + (rolls_back ? rolled_back_tokens(setup) : 0);
  c.k = type_of(*setup.kv_type);
  c.v = type_of(*setup.kv_type_v);
  c.flash_attention = l.flash_attention.value_or(true);
  c.rotate = version.rotates_cache;
  c.half_mask = version.half_mask;
  return c;
}

}  // namespace qwenfit::engine::llamacpp
