#include <chrono>
#include <cmath>
#include <map>
#include <string>

#include "catch.hpp"
#include "machine/allowance.hpp"
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

/// A machine that has these files alone.
class Files : public Source {
 public:
  std::map<std::string, std::string> texts;
  std::optional<Output> output(const std::vector<std::string>&) override { return std::nullopt; }
  std::optional<std::string> file(const std::string& path) override {
    const auto it = texts.find(path);
    return it == texts.end() ? std::nullopt : std::optional(it->second);
  }
  std::vector<std::string> names(const std::string&) override { return {}; }
};

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
        Case{"dgx-spark", 1, 0, "dgx-spark-gb10"}, Case{"h100-mig", 3, 0, "h100-sxm-80gb-mig-3g.40gb"},
        Case{"h100-mig", 3, 2, "h100-sxm-80gb"}, Case{"jetson-orin", 1, 0, "jetson-orin-nano-super-8gb"},
        Case{"laptop", 2, 1, "phoenix-780m"}, Case{"gh200", 1, 0, "gh200-96gb"},
        Case{"strix-halo-old-ids", 1, 0, "strix-halo-395-128gb"}}) {
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
  const Machine jetson = recorded("jetson-orin");
  CHECK(jetson.gpus[0].unified);
  CHECK(jetson.gpus[0].free == jetson.memory.available);
  // What others use of the borrowed part is not free.
  const Machine laptop = recorded("laptop");
  CHECK(laptop.gpus[1].free == 536870912 - 104857600 + 16389224448 - 1073741824);
}

TEST_CASE("a tool that fails is heard, and a card that does not answer hides no other") {
  const Machine one = recorded("gh200");
  REQUIRE(one.gpus.size() == 1);
  REQUIRE(one.notes.size() == 1);
  CHECK(one.notes[0] ==
        "nvidia-smi says: Unable to determine the device handle for GPU0: 0019:01:00.0: Unknown Error");
  CHECK(local_devices(one).notes == one.notes);  // an estimate says so too
  const NvidiaCards none = parse_nvidia_smi(
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the "
      "latest "
      "NVIDIA driver is installed and running.\n\n");
  CHECK(none.gpus.empty());
  CHECK(none.messages.size() == 1);
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += std::string(1000, 'x') + "\n";
  CHECK(parse_nvidia_smi(flood).messages == std::vector<std::string>(3, std::string(200, 'x')));
}

TEST_CASE("a program has one MIG slice, and integrated graphics stand aside of a card") {
  const LocalDevices cut = local_devices(recorded("h100-mig"));
  REQUIRE(cut.gpus.size() == 3);
  CHECK(cut.gpus[0].aside.empty());
  CHECK_FALSE(cut.gpus[1].aside.empty());
  CHECK(cut.gpus[2].aside.empty());
  CHECK_FALSE(cut.gpus[0].free);  // nvidia-smi tells what is free of the whole card
  const LocalDevices laptop = local_devices(recorded("laptop"));
  REQUIRE(laptop.gpus.size() == 2);
  CHECK(laptop.gpus[0].aside.empty());
  CHECK_FALSE(laptop.gpus[1].aside.empty());
  CHECK(local_devices(recorded("strix-halo")).gpus.at(0).aside.empty());
}

TEST_CASE("a container has the memory and the processors of its control group") {
  const Machine m = recorded("container");
  CHECK(m.memory.total == Bytes{8} << 30);
  CHECK(m.memory.available == Bytes{6} << 30);  // files that were read once can be given back
  CHECK(m.processor.threads == 4);
  CHECK(m.processor.usable_threads == 2);
  CHECK(m.notes.size() == 2);
  CHECK(*local_devices(m).processor.device->fp32_tflops ==
        Approx(*m.processor.match.device->fp32_tflops / 2));
  CHECK(recorded("no-card").notes.empty());
}

TEST_CASE("control groups of both versions, and those they are in") {
  Files files;
  const auto write = [&](const std::string& path, const std::string& text) {
    files.texts["/" + path] = text;
  };
  const auto allowance = [&] { return allowance_of(files); };
  CHECK_FALSE(allowance().memory);
  CHECK(std::isinf(allowance().processors));
  // Version 1: without a namespace the path is the host's, the files stand at the root.
  write("proc/self/cgroup",
        "9:cpu,cpuacct:/docker/1f2e\n4:memory:/docker/1f2e\n1:name=systemd:/docker/1f2e\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "4294967296\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741824\n");
  write("sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 536870912\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CHECK(allowance().memory == Bytes{4} << 30);
  CHECK(allowance().available == (Bytes{4} << 30) - (Bytes{512} << 20));
  CHECK(std::isinf(allowance().processors));
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "150000\n");
  CHECK(allowance().processors == Approx(1.5));
  // No limit, as version 1 writes it.
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK_FALSE(allowance().memory);
  // Version 2: the slice's limit holds for what is in it.
  write("proc/self/cgroup", "0::/user.slice/app.scope\n");
  write("sys/fs/cgroup/user.slice/app.scope/memory.max", "max\n");
  write("sys/fs/cgroup/user.slice/memory.max", "2147483648\n");
  write("sys/fs/cgroup/user.slice/app.scope/cpu.max", "max 100000\n");
  write("proc/self/status", "Cpus_allowed_list:\t0-2,8\n");
  CHECK(allowance().memory == Bytes{2} << 30);
  CHECK(allowance().processors == 4);
  // Nonsense.
  write("proc/self/cgroup",
        std::string(10000, '/') + "\n0::" + std::string(100000, '/') + "\n0::a/b/../..\n:::\n");
  write("proc/self/status", "Cpus_allowed_list:\t9-2,\n");
  CHECK_FALSE(allowance().memory);
  CHECK(std::isinf(allowance().processors));
}

TEST_CASE("a card that hides its memory has its own all the same") {
  Machine machine;
  machine.memory.total = Bytes{1007} << 30;
  for (const char* hidden : {"[N/A]", "[Insufficient Permissions]"}) {
    const auto [gpus, messages] = parse_nvidia_smi(
        std::string("\nname, pci.bus_id, memory.total [MiB], memory.free [MiB], driver_version\n\n"
                    "NVIDIA H100 80GB HBM3, 00000000:01:00.0, ") +
        hidden + ", " + hidden + ", 580.95.05\n");
    CHECK(messages.empty());
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
  const auto printed = output_of({"printf", "%s", "a b; $HOME"}, 5s, 100);
  REQUIRE(printed);
  CHECK(printed->well());
  CHECK(printed->text == "a b; $HOME");
  CHECK_FALSE(output_of({"no-such-program-of-qwenfit"}, 5s, 100));
  CHECK_FALSE(output_of({}, 5s, 3));
  const auto failed = output_of({"sh", "-c", "echo why; exit 9"}, 5s, 100);
  REQUIRE(failed);
  CHECK(failed->text == "why\n");
  CHECK(failed->exit_code == 9);
  CHECK_FALSE(output_of({"printf", "%s", "too long"}, 5s, 3)->stopped.empty());
  CHECK_FALSE(output_of({"yes"}, 5s, 1 << 20)->stopped.empty());
  const auto begin = std::chrono::steady_clock::now();
  CHECK(output_of({"sleep", "20"}, 50ms, 100)->stopped == "no answer within 0.05 seconds");
  // What it started is ended too.
  CHECK_FALSE(output_of({"sh", "-c", "sleep 20; echo"}, 50ms, 100)->well());
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("bandwidth is measured in little time, and not without room") {
  const auto source = this_machine();
  Memory memory;
  memory.available = Bytes{1} << 30;
  const auto begin = std::chrono::steady_clock::now();
  const auto rate = measure_bandwidth(memory, 0, 1);
  CHECK(std::chrono::steady_clock::now() - begin < 20s);  // sanitizers are slow
  REQUIRE(rate);
  CHECK(*rate > 0.1);
  memory.available = Bytes{10} << 20;
  CHECK_FALSE(measure_bandwidth(memory, 0, 0));
  CHECK(last_cache_bytes(*source) >= 0);
}
