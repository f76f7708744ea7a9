// MIG slices as devices.
#include <thread>

#include "catch.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"

using namespace qwenfit;
using namespace qwenfit::catalog;

namespace {

const Device& device(const std::string& name) {
  return *Catalog::builtin().find_device(name).device;
}

std::string error_of(const std::string& name) {
  try {
    return "found " + std::string(device(name).id);
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace

TEST_CASE("slices by the names that people and tools write") {
  for (const char* name :
       {"a100-80gb mig 3g.40gb", "a100-sxm-80gb-mig-3g.40gb", "NVIDIA A100-SXM4-80GB MIG 3g.40gb",
        "NVIDIA-A100-SXM4-80GB-MIG-3g.40gb", "A100 SXM MIG 3g.40gb", "mig-3g.40gb A100-SXM4-80GB",
        "NVIDIA A100-SXM4-80GB MIG 3g.40gb+me"}) {
    INFO(name);
    CHECK(device(name).id == "a100-sxm-80gb-mig-3g.40gb");
  }
  CHECK(device("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb").id == "a100-sxm-40gb-mig-1g.5gb");
  CHECK(device("H100 NVL mig 3g.47gb").id == "h100-nvl-94gb-mig-3g.47gb");
  CHECK(device("H200 SXM mig 3g.71gb").id == "h200-sxm-141gb-mig-3g.71gb");
  CHECK(device("B200 mig 1g.23gb").id == "b200-sxm-180gb-mig-1g.23gb");
  CHECK(device("B300 mig 4g.135gb").id == "b300-sxm-288gb-mig-4g.135gb");
  CHECK(device("A30 mig 2g.12gb").id == "a30-mig-2g.12gb");
  CHECK(device("NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb-me").id ==
        "rtx-pro-6000-blackwell-server-mig-1g.24gb");
  CHECK(Catalog::builtin().find_device("2x h100 mig 1g.10gb").count == 2);
}

TEST_CASE("a slice has its shares of the card, and says which are derived") {
  const Device& card = device("a100-sxm-80gb");
  const Device& half = device("a100-sxm-80gb mig 3g.40gb");
  CHECK(half.memory_cuda_total_mib_linux == 39.25 * 1024);  // as nvidia-smi mig -lgip lists it
  CHECK(half.bandwidth_gb_s == *card.bandwidth_gb_s / 2);
  CHECK(*half.bf16_tflops == Approx(*card.bf16_tflops * 42 / 108));
  CHECK(half.compute_units == 42);
  CHECK(half.interconnect.gb_s_per_gpu == std::nullopt);
  CHECK(half.cloud_usd_per_hour == std::nullopt);
  REQUIRE(half.derived.size() == 3);
  CHECK(half.derived[1] == "bandwidth and L2 cache = 4/8 of the card's");
  // Nobody's listing is known: less than the share.
  const Device& eighth = device("b200 mig 1g.23gb");
  CHECK(*eighth.memory_cuda_total_mib_linux < *device("b200").memory_cuda_total_mib_linux / 8);
  CHECK_THAT(std::string(eighth.derived[0]), ContainsText("memory = 1/8"));
  CHECK(*eighth.bf16_tflops == Approx(*device("b200").bf16_tflops / 7));
}

TEST_CASE("no slice has more than its card, and all of a card's profiles are found") {
  int slices = 0;
  for (const Device* card : Catalog::builtin().devices()) {
    for (int compute = 1; compute <= 7; ++compute) {
      for (int gigabytes = 1; gigabytes < 300; ++gigabytes) {
        const std::string name = std::string(card->id) + " mig " + std::to_string(compute) + "g." +
                                 std::to_string(gigabytes) + "gb";
        const Device* slice = nullptr;
        if (card->vendor != Vendor::nvidia || card->device_class == DeviceClass::consumer) continue;
        try {
          slice = Catalog::builtin().find_device(name).device;
        } catch (const Error&) {
          continue;
        }
        INFO(name);
        ++slices;
        CHECK(*slice->memory_gb == gigabytes);
        CHECK(*slice->bandwidth_gb_s <= *card->bandwidth_gb_s);
        CHECK(*slice->memory_cuda_total_mib_linux <= gigabytes * 1024);
        CHECK(slice->compute_units.value_or(0) <= card->compute_units.value_or(0));
      }
    }
  }
  CHECK(slices > 100);
}

TEST_CASE("what is no slice is said to be none") {
  CHECK(error_of("mig-1g.10gb")
            .find("a MIG slice of a card that is not named: 1g.10gb is a profile of a100-pcie-40gb") !=
        std::string::npos);
  CHECK(
      error_of("a100-80gb mig 3g.20gb").find("it has 1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb") !=
      std::string::npos);
  CHECK(error_of("l40s mig 1g.10gb").find("has no MIG slices") != std::string::npos);
  CHECK(error_of("a100-80gb mig 1c.3g.40gb").find("compute instance") != std::string::npos);
  CHECK(error_of("A100 mig 9g.900gb").find("profile is not said") != std::string::npos);
  CHECK(error_of("A100 mig 7g.900gb").find("no MIG profile 7g.900gb") != std::string::npos);
  CHECK(error_of("RTX 4090 24GB").starts_with("found"));
}

TEST_CASE("threads may ask for slices at once") {
  std::vector<std::thread> threads;
  std::vector<const Device*> found(8);
  for (std::size_t i = 0; i < found.size(); ++i)
    threads.emplace_back([&, i] { found[i] = &device("h100 mig 2g.20gb"); });
  for (std::thread& thread : threads) thread.join();
  for (const Device* one : found) CHECK(one == found[0]);
}
