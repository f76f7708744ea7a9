// Names people write for devices.
#include "catch.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"
#include "table.hpp"

using namespace qwenfit;
using catalog::Catalog;

namespace {

void check(const std::string& name, const std::string& id, int count = 1, double memory = 0) {
  INFO(name);
  const auto match = Catalog::builtin().find_device(name);
  CHECK(match.device->id == id);
  CHECK(match.count == count);
  CHECK(match.memory_gb.value_or(0) == memory);
}

Error error_of(const std::string& name) {
  try {
    const auto match = Catalog::builtin().find_device(name);
    FAIL("'" << name << "' is " << match.device->id);
  } catch (const Error& e) {
    return e;
  }
  return {ErrorCode::io, ""};
}

}  // namespace

TEST_CASE("every device answers to its id, its name and its aliases") {
  for (const catalog::Device* d : Catalog::builtin().devices()) {
    INFO(d->id);
    CHECK(Catalog::builtin().find_device(d->id).device == d);
    CHECK(Catalog::builtin().find_device(d->name).device == d);
    for (const auto alias : d->aliases) {
      INFO(alias);
      CHECK(Catalog::builtin().find_device(alias).device == d);
    }
  }
}

TEST_CASE("labels of public measurements") {
  const auto rows = read_table("device_labels.tsv");
  REQUIRE(rows.size() > 200);
  for (const auto& row : rows) {
    INFO(row.at(0));
    CHECK(Catalog::builtin().find_device(row.at(0)).device->id == row.at(1));
  }
}

TEST_CASE("a bare number behind a name is its memory") {
  check("a100 80", "a100-sxm-80gb");
  check("3060 12", "rtx-3060-12gb");
  check("m2 ultra 192", "apple-m2-ultra-76c", 1, 192);
  check("2x a100 80", "a100-sxm-80gb", 2);
  CHECK(error_of("a100 81920").code() == ErrorCode::unknown_device);
  CHECK(error_of("rtx 5900").code() == ErrorCode::unknown_device);
  CHECK(error_of(std::string(500, 'a') + " 80").code() == ErrorCode::unknown_device);
}

TEST_CASE("nvidia-smi and Kubernetes") {
  check("NVIDIA GeForce RTX 4090", "rtx-4090");
  check("NVIDIA-GeForce-RTX-3080-Ti", "rtx-3080-ti");
  check("NVIDIA H100 80GB HBM3", "h100-sxm-80gb");
  check("NVIDIA-H100-80GB-HBM3", "h100-sxm-80gb");
  check("NVIDIA A100-SXM4-80GB", "a100-sxm-80gb");
  check("NVIDIA A100 80GB PCIe", "a100-pcie-80gb");
  check("NVIDIA H100 PCIe", "h100-pcie-80gb");
  check("Tesla T4", "tesla-t4");
  check("NVIDIA RTX 6000 Ada Generation", "rtx-6000-ada");
  check("Quadro RTX 8000", "quadro-rtx-8000");
  check("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "rtx-pro-6000-blackwell-workstation");
  check("NVIDIA GH200 480GB", "gh200-96gb");
}

TEST_CASE("clouds") {
  check("nvidia-l4", "l4");
  check("nvidia-tesla-t4", "tesla-t4");
  check("nvidia-tesla-a100", "a100-sxm-40gb");
  check("nvidia-a100-80gb", "a100-sxm-80gb");
  check("nvidia-h100-80gb", "h100-sxm-80gb");
  check("nvidia-h100-mega-80gb", "h100-sxm-80gb");
  check("nvidia-h200-141gb", "h200-sxm-141gb");
  check("nvidia-b200", "b200-sxm-180gb");
  check("p5.48xlarge", "dgx-h100");
  check("g6.xlarge", "l4");
  check("g6.12xlarge", "aws-g6-12xlarge");
  check("g5.12xlarge", "a10g-x4");
  check("p4d.24xlarge", "dgx-a100-320gb");
  check("a2-highgpu-1g", "a100-sxm-40gb");
  check("a3-highgpu-8g", "dgx-h100");
  check("Standard_NC24ads_A100_v4", "a100-pcie-80gb");
  check("standard_nc96ads_a100_v4", "azure-nc96ads-a100-v4");
}

TEST_CASE("devices as people type them") {
  check("4090", "rtx-4090");
  check("rtx4090", "rtx-4090");
  check("RTX 4090 24GB", "rtx-4090");
  check("RTX 4090 (24 GB)", "rtx-4090");
  check("3080", "rtx-3080-10gb");
  check("4060 ti", "rtx-4060-ti-16gb");
  check("4060 ti 8gb", "rtx-4060-ti-8gb");
  check("RTX 4070 mobile", "rtx-4070-laptop");
  check("7900 XTX", "rx-7900-xtx");
  check("Arc B580", "arc-b580");
  check("MI300X", "mi300x-192gb");
  check("H100", "h100-sxm-80gb");
  check("DGX Spark", "dgx-spark-gb10");
  check("Radeon 8060S", "strix-halo-395-128gb");
  check("Ryzen AI Max+ 395", "strix-halo-395-128gb");
  check("Strix Halo 64GB", "strix-halo-395-64gb");
  check("RTX PRO 4500", "rtx-pro-4500-blackwell");
  check("cpu", "cpu-ddr5-5600-dual");
  check("i9-14900K", "cpu-ddr5-5600-dual");
  check("AMD Ryzen 9 7950X 16-Core Processor", "cpu-ddr5-5200-dual");
  check("AMD EPYC 9654 96-Core Processor", "epyc-genoa-ddr5-4800-12ch");
  check("Intel(R) Xeon(R) Platinum 8480+", "xeon-spr-ddr5-4800-octa");
}

TEST_CASE("several of a kind") {
  check("2x4090", "rtx-4090-x2");
  check("8xH100", "dgx-h100");
  check("4xH100", "h100-sxm-80gb", 4);
  check("4 x RTX 3090 24GB", "rtx-3090", 4);
  check("RTX 4080 x2", "rtx-4080", 2);
  check("RTX 5090 32GB (x4)", "rtx-5090", 4);
  check("3\xc3\x97 RTX A6000", "rtx-a6000", 3);
  check("7900 XT", "rx-7900-xt");
  check("7900XTX", "rx-7900-xtx");
  check("rtx-4090:2", "rtx-4090", 2);
}

TEST_CASE("the memory of an Apple machine chooses size and chip") {
  check("M3 Max 64GB", "apple-m3-max-40c", 1, 64);
  check("M3 Max 36GB", "apple-m3-max-30c", 1, 36);
  check("MacBook Pro M4 Max 48GB", "apple-m4-max-40c", 1, 48);
  check("MacBook Pro M4 Pro 24GB", "apple-m4-pro-20c", 1, 24);
  check("Mac Studio M2 Ultra 192GB", "apple-m2-ultra-76c", 1, 192);
  check("M2 Ultra 60-core 128GB", "apple-m2-ultra-60c", 1, 128);
  check("Apple M1 4P+4E+7GPU", "apple-m1-7c");
  CHECK(Catalog::builtin().find_device("M1 Max 32GB").note.find("24-core") != std::string::npos);
  CHECK(Catalog::builtin().find_device("M4").note.find("32 GB is assumed") != std::string::npos);
  CHECK(Catalog::builtin().find_device("M3 Max 36GB").note.empty());
}

TEST_CASE("a memory size picks among cards or is refused with the choices") {
  check("RTX 4090 48GB", "rtx-4090-48gb");
  check("RTX 3080 12GB", "rtx-3080-12gb");
  check("A100 40GB", "a100-pcie-40gb");
  check("Tesla T4 14.563GiB", "tesla-t4");
  const Error error = error_of("RTX 4090 32GB");
  CHECK(error.code() == ErrorCode::unknown_device);
  CHECK(std::string(error.what()) ==
        "no device 'RTX 4090 32GB' with that memory is known: rtx-4090 (24 GB), rtx-4090-48gb (48 GB)");
  CHECK(error_of("M3 Max 40GB").code() == ErrorCode::unknown_device);
  CHECK(error_of("RX 7600 XT 8GB").code() == ErrorCode::unknown_device);
}

TEST_CASE("what may be several devices is answered with the choices") {
  CHECK(std::string(error_of("A100 PCIe").what()) ==
        "'A100 PCIe' may be: a100-pcie-40gb (40 GB), a100-pcie-80gb (80 GB)");
  CHECK(error_of("A100 PCIe").code() == ErrorCode::ambiguous);
  CHECK(std::string(error_of("RTX 6000").what()).find("rtx-6000-ada") != std::string::npos);
  CHECK(error_of("Threadripper").code() == ErrorCode::ambiguous);
}

TEST_CASE("devices that are not known") {
  for (const char* name : {"RTX 7600", "GTX 4090 Ti", "RTX 5000 Ada Generation Laptop GPU", "Quadro RTX 4000",
                           "GTX 1650 Ti", "Intel Arc A770M", "MI308X 192GB", "RTX A5000 Laptop GPU 24GB",
                           "24GB card", "8 GPUs", "CUDA0", "unknown", "x", "2x", "999x", "()", "", " "}) {
    INFO(name);
    CHECK(error_of(name).code() == ErrorCode::unknown_device);
  }
  CHECK(std::string(error_of("rtx-5900").what()).find("did you mean rtx-5090") != std::string::npos);
}

TEST_CASE("parts of cards of which nothing is known are refused as such") {
  CHECK(error_of("NVIDIA A40-48Q").code() == ErrorCode::unsupported);
  CHECK(error_of("NVIDIA A100 MIG").code() == ErrorCode::unsupported);
}

TEST_CASE("long and odd device names are answered at once") {
  CHECK(error_of(std::string(1 << 20, '4')).code() == ErrorCode::unknown_device);
  CHECK(error_of(std::string(1 << 20, ' ')).code() == ErrorCode::unknown_device);
  CHECK(error_of("\xff\xfe").code() == ErrorCode::unknown_device);
  CHECK(std::string(error_of(std::string(5000, 'x')).what()).size() < 1000);
}
