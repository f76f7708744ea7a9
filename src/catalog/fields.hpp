// The one list of field names: for every record of the catalog, its JSON keys in member order.
// Reading, writing, baking and the unknown-key check all walk it, so a key is spelt in one place.
#pragma once

#include <array>

#include "qwenfit/catalog.hpp"

namespace qwenfit::catalog {

enum class Need : bool { optional, required };

template <class E>
struct EnumName {
  E value;
  std::string_view name;
};

/// The JSON words of an enum.
template <class E>
inline constexpr auto kNamesOf = nullptr;

template <>
inline constexpr auto kNamesOf<Arch> = std::to_array<EnumName<Arch>>({{Arch::unknown, "unknown"},
                                                                      {Arch::qwen, "qwen"},
                                                                      {Arch::qwen2, "qwen2"},
                                                                      {Arch::qwen2_moe, "qwen2_moe"},
                                                                      {Arch::qwen3, "qwen3"},
                                                                      {Arch::qwen3_moe, "qwen3_moe"},
                                                                      {Arch::qwen3_next, "qwen3_next"},
                                                                      {Arch::qwen3_5, "qwen3_5"},
                                                                      {Arch::qwen3_5_moe, "qwen3_5_moe"},
                                                                      {Arch::qwen4_exp, "qwen4_exp"}});

template <>
inline constexpr auto kNamesOf<VisionKind> =
    std::to_array<EnumName<VisionKind>>({{VisionKind::none, "none"},
                                         {VisionKind::qwen_vl, "qwen_vl"},
                                         {VisionKind::qwen2_vl, "qwen2_vl"},
                                         {VisionKind::qwen2_5_vl, "qwen2_5_vl"},
                                         {VisionKind::qwen3_vl, "qwen3_vl"}});

template <>
inline constexpr auto kNamesOf<AudioKind> =
    std::to_array<EnumName<AudioKind>>({{AudioKind::none, "none"},
                                        {AudioKind::whisper_qwen, "whisper_qwen"},
                                        {AudioKind::whisper_qwen2, "whisper_qwen2"},
                                        {AudioKind::qwen2_5_omni, "qwen2_5_omni"},
                                        {AudioKind::qwen3_omni, "qwen3_omni"}});

template <>
inline constexpr auto kNamesOf<Scheme> =
    std::to_array<EnumName<Scheme>>({{Scheme::plain, "plain"},
                                     {Scheme::ggml, "ggml"},
                                     {Scheme::ggml_recipe, "ggml_recipe"},
                                     {Scheme::fp8_block, "fp8_block"},
                                     {Scheme::fp8_tensor, "fp8_tensor"},
                                     {Scheme::fp8_channel, "fp8_channel"},
                                     {Scheme::gptq, "gptq"},
                                     {Scheme::awq, "awq"},
                                     {Scheme::int8_channel, "int8_channel"},
                                     {Scheme::compressed_group, "compressed_group"},
                                     {Scheme::nvfp4, "nvfp4"},
                                     {Scheme::mxfp4, "mxfp4"},
                                     {Scheme::bnb_nf4, "bnb_nf4"},
                                     {Scheme::bnb_int8, "bnb_int8"},
                                     {Scheme::mlx, "mlx"},
                                     {Scheme::exl2, "exl2"},
                                     {Scheme::exl3, "exl3"}});

template <>
inline constexpr auto kNamesOf<Vendor> = std::to_array<EnumName<Vendor>>({{Vendor::generic, "generic"},
                                                                          {Vendor::nvidia, "nvidia"},
                                                                          {Vendor::amd, "amd"},
                                                                          {Vendor::apple, "apple"},
                                                                          {Vendor::intel, "intel"},
                                                                          {Vendor::huawei, "huawei"}});

template <>
inline constexpr auto kNamesOf<Registry> = std::to_array<EnumName<Registry>>(
    {{Registry::hugging_face, "hugging_face"}, {Registry::ollama, "ollama"}});

template <>
inline constexpr auto kNamesOf<DeviceClass> =
    std::to_array<EnumName<DeviceClass>>({{DeviceClass::consumer, "consumer"},
                                          {DeviceClass::laptop, "laptop"},
                                          {DeviceClass::workstation, "workstation"},
                                          {DeviceClass::datacenter, "datacenter"},
                                          {DeviceClass::edge, "edge"},
                                          {DeviceClass::unified, "unified"},
                                          {DeviceClass::cpu, "cpu"}});

/// The JSON word for an enum value.
template <class E>
constexpr std::string_view enum_name(E value) {
  for (const auto& entry : kNamesOf<E>) {
    if (entry.value == value) return entry.name;
  }
  return "?";
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Moe> {
  v("experts", r.experts, Need::required);
  v("experts_per_token", r.experts_per_token, Need::required);
  v("expert_width", r.expert_width, Need::required);
  v("shared_expert_width", r.shared_expert_width, Need::optional);
  v("normalize_weights", r.normalize_weights, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, LinearAttention> {
  v("key_heads", r.key_heads, Need::required);
  v("value_heads", r.value_heads, Need::required);
  v("key_head_dim", r.key_head_dim, Need::required);
  v("value_head_dim", r.value_head_dim, Need::required);
  v("conv_kernel", r.conv_kernel, Need::required);
  v("full_attention_interval", r.full_attention_interval, Need::required);
  v("fused_projections", r.fused_projections, Need::optional);
  v("state_f32", r.state_f32, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Vision> {
  v("kind", r.kind, Need::required);
  v("depth", r.depth, Need::required);
  v("hidden_size", r.hidden_size, Need::required);
  v("intermediate_size", r.intermediate_size, Need::required);
  v("heads", r.heads, Need::required);
  v("patch_size", r.patch_size, Need::required);
  v("temporal_patch_size", r.temporal_patch_size, Need::optional);
  v("merge_size", r.merge_size, Need::optional);
  v("output_size", r.output_size, Need::required);
  v("positions", r.positions, Need::optional);
  v("deepstack_mergers", r.deepstack_mergers, Need::optional);
  v("queries", r.queries, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Audio> {
  v("kind", r.kind, Need::required);
  v("depth", r.depth, Need::required);
  v("hidden_size", r.hidden_size, Need::required);
  v("intermediate_size", r.intermediate_size, Need::required);
  v("heads", r.heads, Need::required);
  v("mel_bins", r.mel_bins, Need::required);
  v("positions", r.positions, Need::optional);
  v("downsample_size", r.downsample_size, Need::optional);
  v("output_size", r.output_size, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Talker> {
  v("hidden_size", r.hidden_size, Need::required);
  v("intermediate_size", r.intermediate_size, Need::optional);
  v("layers", r.layers, Need::required);
  v("heads", r.heads, Need::required);
  v("kv_heads", r.kv_heads, Need::required);
  v("head_dim", r.head_dim, Need::required);
  v("vocab_size", r.vocab_size, Need::required);
  v("moe", r.moe, Need::optional);
  v("text_size", r.text_size, Need::required);
  v("code_predictor_layers", r.code_predictor_layers, Need::optional);
  v("code_groups", r.code_groups, Need::optional);
  v("code2wav_parameters", r.code2wav_parameters, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Qwen4Exp> {
  v("hyper_connections", r.hyper_connections, Need::required);
  v("hyper_rank", r.hyper_rank, Need::required);
  v("indexer_heads", r.indexer_heads, Need::required);
  v("indexer_kv_heads", r.indexer_kv_heads, Need::required);
  v("indexer_head_dim", r.indexer_head_dim, Need::required);
  v("indexer_budget", r.indexer_budget, Need::optional);
  v("ngram_size", r.ngram_size, Need::required);
  v("ngram_heads", r.ngram_heads, Need::required);
  v("ngram_rows", r.ngram_rows, Need::required);
  v("ple_layer", r.ple_layer, Need::required);
  v("ple_conv_kernel", r.ple_conv_kernel, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Geometry> {
  v("hidden_size", r.hidden_size, Need::required);
  v("layers", r.layers, Need::required);
  v("heads", r.heads, Need::required);
  v("kv_heads", r.kv_heads, Need::required);
  v("head_dim", r.head_dim, Need::required);
  v("intermediate_size", r.intermediate_size, Need::optional);
  v("vocab_size", r.vocab_size, Need::required);
  v("tied_embeddings", r.tied_embeddings, Need::optional);
  v("stores_tied_head", r.stores_tied_head, Need::optional);
  v("headless", r.headless, Need::optional);
  v("score_outputs", r.score_outputs, Need::optional);
  v("mtp_layers", r.mtp_layers, Need::optional);
  v("moe", r.moe, Need::optional);
  v("linear_attention", r.linear_attention, Need::optional);
  v("vision", r.vision, Need::optional);
  v("audio", r.audio, Need::optional);
  v("talker", r.talker, Need::optional);
  v("qwen4_exp", r.qwen4_exp, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Rope> {
  v("theta", r.theta, Need::required);
  v("partial_rotary_factor", r.partial_rotary_factor, Need::optional);
  v("mrope_section", r.mrope_section, Need::optional);
  v("mrope_interleaved", r.mrope_interleaved, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Context> {
  v("native", r.native, Need::required);
  v("configured", r.configured, Need::optional);
  v("extended", r.extended, Need::optional);
  v("method", r.method, Need::optional);
  v("rope", r.rope, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, PublishedCount> {
  v("repo", r.repo, Need::required);
  v("elements", r.elements, Need::required);
  v("of", r.of, Need::required);
  v("source", r.source, Need::required);
  v("exception", r.exception, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, QuantizedFile> {
  v("formats", r.formats, Need::required);
  v("stores_head", r.stores_head, Need::optional);
  v("linear_biases", r.linear_biases, Need::optional);
  v("intermediate_size", r.intermediate_size, Need::optional);
  v("experts_only", r.experts_only, Need::optional);
  v("source", r.source, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Variant> {
  v("name", r.name, Need::required);
  v("hf_id", r.hf_id, Need::required);
  v("kind", r.kind, Need::required);
  v("context_native", r.context_native, Need::optional);
  v("context_configured", r.context_configured, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, RegistryTag> {
  v("name", r.name, Need::required);
  v("variant", r.variant, Need::optional);
  v("format", r.format, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Model> {
  v("id", r.id, Need::required);
  v("name", r.name, Need::required);
  v("hf_id", r.hf_id, Need::optional);
  v("publisher", r.publisher, Need::optional);
  v("family", r.family, Need::required);
  v("architecture", r.architecture, Need::optional);
  v("arch", r.arch, Need::required);
  v("kind", r.kind, Need::optional);
  v("modality", r.modality, Need::optional);
  v("release_date", r.release_date, Need::optional);
  v("license", r.license, Need::optional);
  v("geometry", r.geometry, Need::optional);
  v("context", r.context, Need::optional);
  v("parameters_label", r.parameters_label, Need::optional);
  v("published_counts", r.published_counts, Need::optional);
  v("quantized_files", r.quantized_files, Need::optional);
  v("variants", r.variants, Need::optional);
  v("official_formats", r.official_formats, Need::optional);
  v("aliases", r.aliases, Need::optional);
  v("tags", r.tags, Need::optional);
  v("summary", r.summary, Need::optional);
  v("improved", r.improved, Need::optional);
  v("strengths", r.strengths, Need::optional);
  v("related", r.related, Need::optional);
  v("base_model", r.base_model, Need::optional);
  v("sources", r.sources, Need::optional);
  v("derived", r.derived, Need::optional);
  v("unverified", r.unverified, Need::optional);
  v("notes", r.notes, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, DType> {
  v("id", r.id, Need::required);
  v("block", r.block, Need::required);
  v("bytes", r.bytes, Need::required);
  v("source", r.source, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, MixRatio> {
  v("models", r.models, Need::required);
  v("ratio", r.ratio, Need::required);
  v("rows", r.rows, Need::required);
  v("relative_error", r.relative_error, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, PublishedFile> {
  v("id", r.id, Need::required);
  v("publisher", r.publisher, Need::required);
  v("model", r.model, Need::required);
  v("format", r.format, Need::required);
  v("mtp", r.mtp, Need::optional);
  v("bytes", r.bytes, Need::required);
  v("rounding", r.rounding, Need::optional);
  v("derived", r.derived, Need::optional);
  v("source", r.source, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Download> {
  v("id", r.id, Need::required);
  v("registry", r.registry, Need::required);
  v("name", r.name, Need::required);
  v("of", r.of, Need::required);
  v("formats", r.formats, Need::required);
  v("source", r.source, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, WeightFormat> {
  v("id", r.id, Need::required);
  v("name", r.name, Need::required);
  v("scheme", r.scheme, Need::required);
  v("base", r.base, Need::required);
  v("bits", r.bits, Need::required);
  v("group_size", r.group_size, Need::optional);
  v("nominal_bits", r.nominal_bits, Need::optional);
  v("retention", r.retention, Need::optional);
  v("quality", r.quality, Need::optional);
  v("quality_source", r.quality_source, Need::optional);
  v("quality_rank", r.quality_rank, Need::optional);
  v("needs_imatrix", r.needs_imatrix, Need::optional);
  v("recipe", r.recipe, Need::optional);
  v("head", r.head, Need::optional);
  v("ratios", r.ratios, Need::optional);
  v("aliases", r.aliases, Need::optional);
  v("sources", r.sources, Need::optional);
  v("unverified", r.unverified, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, QualityScore> {
  v("format", r.format, Need::required);
  v("value", r.value, Need::required);
  v("made", r.made, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, QualityTable> {
  v("id", r.id, Need::required);
  v("label", r.label, Need::required);
  v("model", r.model, Need::optional);
  v("metric", r.metric, Need::required);
  v("kind", r.kind, Need::required);
  v("baseline", r.baseline, Need::optional);
  v("official", r.official, Need::optional);
  v("digitized", r.digitized, Need::optional);
  v("scores", r.scores, Need::required);
  v("source", r.source, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Price> {
  v("low", r.low, Need::optional);
  v("typical", r.typical, Need::optional);
  v("date", r.date, Need::required);
  v("source", r.source, Need::required);
  v("kind", r.kind, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, MeasuredBandwidth> {
  v("gb_s", r.gb_s, Need::optional);
  v("ratio", r.ratio, Need::optional);
  v("ratio_fp32_lbm", r.ratio_fp32_lbm, Need::optional);
  v("kind", r.kind, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Interconnect> {
  v("type", r.type, Need::required);
  v("gb_s_per_gpu", r.gb_s_per_gpu, Need::optional);
  v("note", r.note, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, MigProfile> {
  v("name", r.name, Need::required);
  v("compute_slices", r.compute_slices, Need::required);
  v("memory_slices", r.memory_slices, Need::required);
  v("memory_gib", r.memory_gib, Need::optional);
  v("multiprocessors", r.multiprocessors, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, WorkingSet> {
  v("memory_gb", r.memory_gb, Need::required);
  v("usable_mib_current", r.usable_mib_current, Need::required);
  v("usable_mib_older", r.usable_mib_older, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Device> {
  v("id", r.id, Need::required);
  v("name", r.name, Need::required);
  v("aliases", r.aliases, Need::optional);
  v("vendor", r.vendor, Need::required);
  v("arch", r.arch, Need::optional);
  v("class", r.device_class, Need::required);
  v("memory_gb", r.memory_gb, Need::optional);
  v("memory_options_gb", r.memory_options_gb, Need::optional);
  v("memory_bytes_usable", r.memory_bytes_usable, Need::optional);
  v("memory_bytes_usable_basis", r.memory_bytes_usable_basis, Need::optional);
  v("memory_nvidia_smi_mib", r.memory_nvidia_smi_mib, Need::optional);
  v("memory_cuda_total_mib_linux", r.memory_cuda_total_mib_linux, Need::optional);
  v("memory_cuda_total_mib_windows", r.memory_cuda_total_mib_windows, Need::optional);
  v("memory_type", r.memory_type, Need::optional);
  v("memory_bus_bits", r.memory_bus_bits, Need::optional);
  v("memory_data_rate_gbps", r.memory_data_rate_gbps, Need::optional);
  v("memory_channels", r.memory_channels, Need::optional);
  v("bandwidth_gb_s", r.bandwidth_gb_s, Need::optional);
  v("bandwidth_note", r.bandwidth_note, Need::optional);
  v("bandwidth_measured", r.bandwidth_measured, Need::optional);
  v("fp16_tflops", r.fp16_tflops, Need::optional);
  v("fp16_fp32acc_tflops", r.fp16_fp32acc_tflops, Need::optional);
  v("bf16_tflops", r.bf16_tflops, Need::optional);
  v("fp8_tflops", r.fp8_tflops, Need::optional);
  v("int8_tops", r.int8_tops, Need::optional);
  v("fp4_tflops", r.fp4_tflops, Need::optional);
  v("fp32_tflops", r.fp32_tflops, Need::optional);
  v("measured_bf16_tflops", r.measured_bf16_tflops, Need::optional);
  v("l2_cache_mb", r.l2_cache_mb, Need::optional);
  v("l3_cache_mb", r.l3_cache_mb, Need::optional);
  v("compute_units", r.compute_units, Need::optional);
  v("tensor_cores", r.tensor_cores, Need::optional);
  v("boost_clock_mhz", r.boost_clock_mhz, Need::optional);
  v("compute_capability", r.compute_capability, Need::optional);
  v("gfx_target", r.gfx_target, Need::optional);
  v("pcie_gen", r.pcie_gen, Need::optional);
  v("pcie_lanes", r.pcie_lanes, Need::optional);
  v("interconnect", r.interconnect, Need::optional);
  v("mig", r.mig, Need::optional);
  v("working_sets", r.working_sets, Need::optional);
  v("gpu_memory_fraction", r.gpu_memory_fraction, Need::optional);
  v("tunable_max_gib", r.tunable_max_gib, Need::optional);
  v("unified_note", r.unified_note, Need::optional);
  v("host_bandwidth_gb_s", r.host_bandwidth_gb_s, Need::optional);
  v("host_memory_gb", r.host_memory_gb, Need::optional);
  v("base_device", r.base_device, Need::optional);
  v("device_count", r.device_count, Need::optional);
  v("tdp_w", r.tdp_w, Need::optional);
  v("release_year", r.release_year, Need::optional);
  v("msrp_usd", r.msrp_usd, Need::optional);
  v("msrp_note", r.msrp_note, Need::optional);
  v("cloud_usd_per_hour", r.cloud_usd_per_hour, Need::optional);
  v("sources", r.sources, Need::optional);
  v("derived", r.derived, Need::optional);
  v("unverified", r.unverified, Need::optional);
  v("notes", r.notes, Need::optional);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Constant> {
  v("name", r.name, Need::required);
  v("value", r.value, Need::required);
  v("unit", r.unit, Need::required);
  v("kind", r.kind, Need::required);
  v("rows", r.rows, Need::optional);
  v("residual", r.residual, Need::optional);
  v("source", r.source, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, EngineVersion> {
  v("version", r.version, Need::required);
  v("date", r.date, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Introduction> {
  v("architectures", r.architectures, Need::required);
  v("version", r.version, Need::required);
  v("date", r.date, Need::required);
  v("source", r.source, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Feature> {
  v("name", r.name, Need::required);
  v("version", r.version, Need::required);
  v("date", r.date, Need::required);
  v("source", r.source, Need::required);
}

template <class V, class R>
void fields(V& v, R& r) requires std::is_same_v<std::remove_const_t<R>, Engine> {
  v("id", r.id, Need::required);
  v("name", r.name, Need::required);
  v("aliases", r.aliases, Need::optional);
  v("backends", r.backends, Need::required);
  v("schemes", r.schemes, Need::required);
  v("default_format", r.default_format, Need::required);
  v("default_kv_type", r.default_kv_type, Need::required);
  v("versions", r.versions, Need::optional);
  v("introduced", r.introduced, Need::optional);
  v("features", r.features, Need::optional);
  v("constants", r.constants, Need::optional);
  v("sources", r.sources, Need::optional);
  v("notes", r.notes, Need::optional);
}

}  // namespace qwenfit::catalog
