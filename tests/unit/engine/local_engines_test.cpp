// transformers, MLX and ExLlamaV3: caches, chunks, limits of unified memory.
#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

Estimate estimate(const std::string& keys) {
  static Estimator estimator(catalog::Catalog::builtin());
  return estimator.estimate(parse_scenario("{" + keys + "}"));
}

engine::DeviceMemory first(const std::string& keys) {
  return estimate(keys).memory.devices.front();
}

}  // namespace

TEST_CASE("transformers: the peak of the official table, by version") {
  // Qwen2.5-7B-Instruct-GPTQ-Int4, 6,144 tokens in, 2,048 out: 6.52 GiB.
  const std::string work = R"("engine": "transformers", "prompt_tokens": 6144, "output_tokens": 2048, )";
  const double gptq = static_cast<double>(
      first(work + R"("model": "qwen2.5-7b-instruct", "format": "gptq-int4", "engine_version": "4.46.0")")
          .total());
  CHECK(gptq / units::kGiB == Approx(6.52).epsilon(0.02));
  // Qwen2-7B-Instruct with logits of the whole prompt: 20.26 GiB.
  const std::string bf16 = work + R"("format": "bf16", "model": )";
  const double old =
      static_cast<double>(first(bf16 + R"("qwen2-7b-instruct", "engine_version": "4.38.2")").total());
  CHECK(old / units::kGiB == Approx(20.26).epsilon(0.01));
  // Qwen1.5-7B-Chat, whose cache is copied as well: 24.37 GiB.
  const double older =
      static_cast<double>(first(bf16 + R"("qwen1.5-7b-chat", "engine_version": "4.37.0")").total());
  CHECK(older / units::kGiB == Approx(24.37).epsilon(0.01));
}

TEST_CASE("transformers: tied heads are held once, those of FP8 checkpoints beside the embedding") {
  const std::string model = R"("engine": "transformers", "model": "qwen3-0.6b", "format": )";
  CHECK(first(model + R"("bf16")").weights == 596049920 * 2);
  const Bytes head = Bytes{151936} * 1024 * 2;
  CHECK(first(model + R"("fp8")").weights > 440000000 + 2 * head);
}

TEST_CASE("transformers: the CUDA context is off the usable memory, not in the peak") {
  const engine::DeviceMemory d =
      first(R"("engine": "transformers", "model": "qwen3-8b", "device": "rtx-4090")");
  CHECK(d.runtime == 0);
  CHECK(d.usable < d.capacity);
  CHECK(d.usable > d.capacity - units::gib(1));
}

TEST_CASE("layers are spread over several cards, each held once") {
  const std::string model = R"("engine": "transformers", "model": "qwen2.5-72b-instruct", "format": "bf16")";
  const Bytes whole = first(model).weights;
  const Estimate e = estimate(model + R"(, "device": "a100-sxm-80gb", "device_count": 3)");
  REQUIRE(e.memory.devices.size() == 3);
  CHECK(e.memory.all_devices().weights == whole);
  for (const engine::DeviceMemory& d : e.memory.devices)
    CHECK(static_cast<double>(d.weights) / static_cast<double>(whole) == Approx(1 / 3.0).margin(0.02));
}

TEST_CASE("MLX: caches grow in steps of 256 tokens, quantized ones carry a scale and bias per 64 values") {
  const std::string model = R"("engine": "mlx", "model": "qwen3-8b", "format": "mlx-4bit", "context": 1000)";
  CHECK(first(model).kv_cache == 147456 * 1024);
  CHECK(first(model + R"(, "kv_type": "q8_0")").kv_cache == Bytes{36} * 2 * (1024 + 1024 / 64 * 4) * 1024);
  CHECK(first(model + R"(, "kv_type": "q4_0")").kv_cache == Bytes{36} * 2 * (512 + 1024 / 64 * 4) * 1024);
}

TEST_CASE("mlx: the command quantizes caches only from 5,000 tokens on") {
  const auto told = [](const std::string& rest) {
    for (const std::string& note : estimate(R"("engine": "mlx", "model": "qwen3-8b", )" + rest).notes) {
      if (note.find("--quantized-kv-start") != std::string::npos) return true;
    }
    return false;
  };
  CHECK(told(R"("kv_type": "q8_0", "context": 4096)"));
  CHECK_FALSE(told(R"("kv_type": "q8_0", "context": 8192)"));
  CHECK_FALSE(told(R"("context": 4096)"));
}

TEST_CASE("MLX: a prompt is read in chunks, so that its length does not count beyond one") {
  const std::string model = R"("engine": "mlx", "model": "qwen3-8b", "context": 32768, "prompt_tokens": )";
  CHECK(first(model + "2048").compute == first(model + "30000").compute);
  CHECK(first(model + "256").compute < first(model + "2048").compute);
}

TEST_CASE("MLX: what macOS lets the GPU have, and how to raise it") {
  const Estimate fits = estimate(R"("engine": "mlx", "model": "qwen3-8b", "device": "M3 Max 36GB")");
  const engine::DeviceMemory& d = fits.memory.devices.front();
  CHECK(static_cast<double>(d.usable) / static_cast<double>(d.capacity) == Approx(0.78).margin(0.005));
  CHECK(fits.memory.notes.empty());
  const Estimate close =
      estimate(R"("engine": "mlx", "model": "qwen3-30b-a3b", "format": "mlx-8bit", "device": "M3 Max 36GB")");
  CHECK_FALSE(close.fit.fits);
  const Estimate raised = estimate(
      R"("engine": "mlx", "model": "qwen3-30b-a3b", "format": "mlx-6bit", "context": 65536, "device": "M3 Max 36GB")");
  CHECK_FALSE(raised.fit.fits);
  REQUIRE(raised.memory.notes.size() == 1);
  CHECK(raised.memory.notes[0].find("iogpu.wired_limit_mb") != std::string::npos);
}

TEST_CASE("MLX: the limit by macOS generation") {
  const engine::DeviceSlot machine{catalog::Catalog::builtin().device("apple-m3-max-30c"), 36.0};
  const auto share = [&](engine::MacOs system) {
    return static_cast<double>(engine::apple_working_set(machine, system)) /
           static_cast<double>(units::gib(36));
  };
  CHECK(share(engine::MacOs::from_26) == Approx(0.78).margin(0.005));
  CHECK(share(engine::MacOs::to_15) == Approx(0.75).margin(0.005));
  const Estimate e = estimate(
      R"("engine": "mlx", "model": "qwen3-30b-a3b", "format": "mlx-6bit", "context": 49152, "device": "M3 Max 36GB")");
  CHECK(e.fit.fits);
  REQUIRE(e.memory.notes.size() == 1);
  CHECK(e.memory.notes[0].find("macOS 15") != std::string::npos);
}

TEST_CASE("ExLlamaV3: pages of 256 tokens over all sequences, blocks of 32 values") {
  const std::string model =
      R"("engine": "exllamav3", "model": "qwen3-8b", "context": 1000, "concurrency": 3)";
  CHECK(first(model).kv_cache == Bytes{147456} * 3072);
  CHECK(first(model + R"(, "kv_type": "q8_0")").kv_cache == Bytes{36} * 2 * 1024 / 32 * 34 * 3072);
  CHECK_THROWS_AS(first(model + R"(, "kv_type": "fp8")"), Error);
}

TEST_CASE("formats that an engine does not run are refused, naming those that do") {
  const auto refusal = [](const std::string& keys) -> std::string {
    try {
      estimate(R"("model": "qwen3-8b", )" + keys);
    } catch (const Error& e) {
      CHECK(e.code() == ErrorCode::unsupported);
      return e.what();
    }
    return "";
  };
  CHECK(refusal(R"("engine": "mlx", "format": "q4_k_m")").find("llama.cpp") != std::string::npos);
  CHECK(refusal(R"("engine": "vllm", "format": "mlx-4bit")").find("MLX can") != std::string::npos);
  CHECK(refusal(R"("engine": "ollama", "format": "fp8")").find("vLLM") != std::string::npos);
  CHECK(refusal(R"("engine": "vllm", "format": "q4_k_m")").empty());
  CHECK(refusal(R"("engine": "llama.cpp", "format": "ud-q4_k_xl")").empty());
  // The same word means another layout in MLX's files.
  CHECK(*estimate(R"("model": "qwen3-8b", "engine": "mlx", "format": "nvfp4")").scenario.format ==
        "mlx-nvfp4");
}
