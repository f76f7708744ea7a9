// The card of a device.
#include <fmt/format.h>

#include "catalog/fields.hpp"
#include "knowledge.hpp"

namespace qwenfit::report {
namespace {

void add_memory(CardFiller& card, const catalog::Device& d) {
  card.section("Memory");
  card.figure("memory_gb", "Memory", d.memory_gb, "GB as marketed");
  std::vector<std::string> sizes;
  for (const std::int32_t size : d.memory_options_gb) sizes.push_back(fmt::format("{}", size));
  card.list("memory_options_gb", "Comes with, GB", std::move(sizes));
  card.count("memory_bytes_usable", "Usable bytes", d.memory_bytes_usable.value_or(0),
             d.memory_bytes_usable_basis);
  card.count("memory_nvidia_smi_mib", "nvidia-smi shows", d.memory_nvidia_smi_mib.value_or(0), "MiB");
  card.count("memory_cuda_total_mib_linux", "CUDA total, Linux", d.memory_cuda_total_mib_linux.value_or(0),
             "MiB");
  card.count("memory_cuda_total_mib_windows", "CUDA total, Windows",
             d.memory_cuda_total_mib_windows.value_or(0), "MiB");
  std::vector<std::string> sets;
  for (const catalog::WorkingSet& w : d.working_sets)
    sets.push_back(fmt::format("{} MiB of {} GB ({} before macOS 26)",
                               units::format_grouped(w.usable_mib_current), w.memory_gb,
                               units::format_grouped(w.usable_mib_older)));
  card.list("working_sets", "For the GPU by default", std::move(sets));
  card.figure("gpu_memory_fraction", "Share for the GPU", d.gpu_memory_fraction);
  card.figure("tunable_max_gib", "Tunable up to", d.tunable_max_gib, "GiB");
  card.text("memory_type", "Type", d.memory_type);
  card.count("memory_bus_bits", "Bus", d.memory_bus_bits.value_or(0), "bit");
  card.figure("memory_data_rate_gbps", "Data rate", d.memory_data_rate_gbps, "Gbit/s a pin");
  card.count("memory_channels", "Channels", d.memory_channels.value_or(0));
  card.figure("bandwidth_gb_s", "Bandwidth", d.bandwidth_gb_s, "GB/s by the data sheet");
  card.text("bandwidth_note", "Bandwidth note", d.bandwidth_note);
  if (d.bandwidth_measured) {
    card.figure("bandwidth_measured_gb_s", "Bandwidth, measured", d.bandwidth_measured->gb_s, "GB/s");
    card.figure("bandwidth_measured_ratio", "Measured share", d.bandwidth_measured->ratio,
                "of the data sheet's");
    card.figure("bandwidth_lbm_ratio", "Measured share, LBM", d.bandwidth_measured->ratio_fp32_lbm,
                "of the data sheet's, in a lattice Boltzmann kernel");
  }
  card.text("unified_note", "Unified memory", d.unified_note);
  card.figure("host_memory_gb", "Host memory", d.host_memory_gb, "GB");
  card.figure("host_bandwidth_gb_s", "Host bandwidth", d.host_bandwidth_gb_s, "GB/s");
}

void add_compute(CardFiller& card, const catalog::Device& d) {
  card.section("Compute (dense rates)");
  card.figure("fp16_tflops", "FP16", d.fp16_tflops, "TFLOPS");
  card.figure("fp16_fp32acc_tflops", "FP16, FP32 accumulate", d.fp16_fp32acc_tflops, "TFLOPS");
  card.figure("bf16_tflops", "BF16", d.bf16_tflops, "TFLOPS");
  card.figure("measured_bf16_tflops", "BF16, best measured", d.measured_bf16_tflops, "TFLOPS");
  card.figure("fp8_tflops", "FP8", d.fp8_tflops, "TFLOPS");
  card.figure("int8_tops", "INT8", d.int8_tops, "TOPS");
  card.figure("fp4_tflops", "FP4", d.fp4_tflops, "TFLOPS");
  card.figure("fp32_tflops", "FP32", d.fp32_tflops, "TFLOPS");
  card.count("compute_units", "Compute units", d.compute_units.value_or(0));
  card.count("tensor_cores", "Tensor cores", d.tensor_cores.value_or(0));
  card.figure("boost_clock_mhz", "Boost clock", d.boost_clock_mhz, "MHz");
  card.figure("l2_cache_mb", "L2 cache", d.l2_cache_mb, "MB");
  card.figure("l3_cache_mb", "L3 cache", d.l3_cache_mb, "MB");
  card.text("compute_capability", "Compute capability", d.compute_capability);
  card.text("gfx_target", "ROCm target", d.gfx_target);
}

void add_surroundings(CardFiller& card, const catalog::Device& d) {
  card.section("Links, power, price");
  card.text("base_device", "Made of", d.base_device);
  card.count("device_count", "How many", d.device_count > 1 ? d.device_count : 0);
  card.text("interconnect", "Interconnect", d.interconnect.type);
  card.figure("interconnect_gb_s", "Interconnect rate", d.interconnect.gb_s_per_gpu,
              "GB/s a GPU, both directions");
  card.text("interconnect_note", "Interconnect note", d.interconnect.note);
  card.count("pcie_gen", "PCIe generation", d.pcie_gen.value_or(0));
  card.count("pcie_lanes", "PCIe lanes", d.pcie_lanes.value_or(0));
  card.count("tdp_w", "Power", d.tdp_w.value_or(0), "W");
  card.figure("msrp_usd", "List price", d.msrp_usd, "USD");
  card.text("msrp_note", "Price note", d.msrp_note);
  if (const auto& price = d.cloud_usd_per_hour) {
    card.figure("cloud_usd_per_hour_low", "Cloud price, low", price->low, "USD/h");
    card.figure("cloud_usd_per_hour", "Cloud price", price->typical, "USD/h");
    card.text("cloud_price_date", "Cloud price of", price->date);
    card.text("cloud_price_source", "Cloud price from", price->source);
  }
}

}  // namespace

Card device_card(const catalog::Device& d) {
  Card card{"device", std::string(d.id), std::string(d.name), {}};
  CardFiller fill(card, d.derived, d.unverified);
  fill.text("vendor", "Vendor", catalog::enum_name(d.vendor));
  fill.text("class", "Class", catalog::enum_name(d.device_class));
  fill.text("arch", "Architecture", d.arch);
  if (d.release_year)
    fill.cell("release_year", "Released",
              Cell(fmt::format("{}", *d.release_year), std::int64_t{*d.release_year}));
  add_memory(fill, d);
  add_compute(fill, d);
  add_surroundings(fill, d);
  fill.section("Also called");
  fill.list("aliases", "", d.aliases);
  fill.section("Sources");
  fill.list("sources", "", d.sources);
  fill.section("Derived");
  fill.list("derived", "", d.derived);
  fill.section("Unverified");
  fill.list("unverified", "", d.unverified);
  fill.section("Notes");
  fill.list("notes", "", d.notes);
  return card;
}

}  // namespace qwenfit::report
