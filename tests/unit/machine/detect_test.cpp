#include <chrono>
#include <string>

#include "catch.hpp"
#include "machine/match.hpp"
#include "machine/parsers.hpp"
#include "machine/process.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/machine.hpp"

using namespace qwenfit;
using namespace qwenfit::machine;
using namespace std::chrono_literals;

namespace {

Machine recorded(const std::string& name) {
  const auto source = recorded_machine(QWENFIT_SOURCE_DIR "/tests/data/machines/" + name);
  return detect(catalog::Catalog::builtin(), *source);
}

}  // namespace

TEST_CASE("the parts of recorded machines are found in the catalog") {
  struct Case {
    const char* machine;
    std::size_t gpus;
    std::size_t which;
    const char* device;
  };
  for (const Case& c :
       {Case{"rtx4090", 2, 0, "rtx-4090"}, Case{"h100x2", 2, 1, "h100-sxm-80gb"},
        Case{"rx7900xtx", 1, 0, "rx-7900-xtx"}, Case{"strix-halo", 1, 0, "strix-halo-395-128gb"},
        Case{"arc-b580", 2, 1, "arc-b580"}, Case{"m3-max", 1, 0, "apple-m3-max-40c"},
        Case{"dgx-spark", 1, 0, "dgx-spark-gb10"}}) {
    INFO(c.machine);
    const Machine m = recorded(c.machine);
    REQUIRE(m.gpus.size() == c.gpus);
    REQUIRE(m.gpus[c.which].match.device);
    CHECK(m.gpus[c.which].match.device->id == c.device);
  }
  CHECK_FALSE(recorded("unknown-card").gpus.at(0).match.device);
  CHECK(recorded("no-card").gpus.empty());
  CHECK(recorded("rtx4090").memory.bandwidth_gb_s == Approx(96));
  CHECK(recorded("rtx4090").processor.match.device->id == "cpu-ddr5-5200-dual");
  CHECK_THROWS_AS(recorded("no such folder"), Error);
}

TEST_CASE("unified memory is the machine's") {
  const Machine spark = recorded("dgx-spark");
  CHECK(spark.gpus[0].unified);
  CHECK(spark.gpus[0].memory == spark.memory.total);
  CHECK(spark.gpus[0].free == spark.memory.available);
  const Machine halo = recorded("strix-halo");
  CHECK(halo.gpus[0].memory == 536870912 + 67091263488);
}

TEST_CASE("a card that hides its memory has its own all the same") {
  Machine machine;
  machine.memory.total = Bytes{1007} << 30;
  for (const char* hidden : {"[N/A]", "[Insufficient Permissions]"}) {
    const auto gpus = parse_nvidia_smi(
        std::string("\nname, pci.bus_id, memory.total [MiB], memory.free [MiB], driver_version\n\n"
                    "NVIDIA H100 80GB HBM3, 00000000:01:00.0, ") +
        hidden + ", " + hidden + ", 580.95.05\n");
    REQUIRE(gpus.size() == 1);
    machine.gpus.push_back(gpus[0]);
  }
  match_parts(catalog::Catalog::builtin(), machine);
  for (const Gpu& gpu : machine.gpus) {
    CHECK_FALSE(gpu.unified);
    REQUIRE(gpu.match.device);
    CHECK(gpu.match.device->id == "h100-sxm-80gb");
  }
}

TEST_CASE("a machine for estimates: what is free, and records for what nobody knows") {
  const LocalDevices desktop = local_devices(recorded("rtx4090"));
  REQUIRE(desktop.gpus.size() == 1);  // the processor's own graphics is left out
  CHECK(desktop.gpus[0].free == Bytes{22874} << 20);
  CHECK(desktop.host_bandwidth_gb_s == Approx(96));
  CHECK(desktop.processor.device->name == "AMD Ryzen 9 7950X 16-Core Processor");
  CHECK(desktop.processor.device->id == "cpu-ddr5-5200-dual");

  const LocalDevices unknown = local_devices(recorded("unknown-card"));
  REQUIRE(unknown.gpus.size() == 1);
  CHECK(unknown.gpus[0].device->name == "NVIDIA Graphics Device");
  CHECK(unknown.gpus[0].capacity == Bytes{32607} << 20);
  CHECK_FALSE(unknown.gpus[0].device->bandwidth_gb_s);
  CHECK(unknown.processor.device->id == "auto-cpu");
  CHECK_FALSE(unknown.processor.device->bandwidth_gb_s);
  CHECK(*unknown.processor.device->fp32_tflops == Approx(2 * 2.6e9 * 64 / 1e12));
}

TEST_CASE("programs: output in bounds and in time, or none") {
  CHECK(output_of({"printf", "%s", "a b; $HOME"}, 5s, 100) == "a b; $HOME");
  CHECK_FALSE(output_of({"no-such-program-of-qwenfit"}, 5s, 100));
  CHECK_FALSE(output_of({"false"}, 5s, 100));
  CHECK_FALSE(output_of({"printf", "%s", "too long"}, 5s, 3));
  CHECK_FALSE(output_of({}, 5s, 3));
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(output_of({"sleep", "20"}, 50ms, 100));
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("bandwidth is measured in little time, and not without room") {
  const auto source = this_machine();
  Memory memory;
  memory.available = Bytes{1} << 30;
  const auto begin = std::chrono::steady_clock::now();
  const auto rate = measure_bandwidth(memory, 0);
  CHECK(std::chrono::steady_clock::now() - begin < 20s);  // sanitizers are slow
  REQUIRE(rate);
  CHECK(*rate > 0.1);
  memory.available = Bytes{10} << 20;
  CHECK_FALSE(measure_bandwidth(memory, 0));
  CHECK(last_cache_bytes(*source) >= 0);
}
