// What `qwenfit command` writes is what the engines' own parsers take: tests/data/engine_options.
#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "catch.hpp"
#include "plan/launch.hpp"
#include "plan/options.hpp"
#include "qwenfit/command.hpp"
#include "qwenfit/error.hpp"

using namespace qwenfit;
using namespace qwenfit::plan;

namespace {

/// One engine's list: "names | what follows | where it was read".
struct Known {
  std::map<std::string, std::string> options;  ///< name -> what follows
  std::set<std::string> of_server;             ///< those that llama-cli does not take
  std::vector<std::string> programs, images;
};

Known known_of(const std::string& engine) {
  Known out;
  std::ifstream file(std::string(QWENFIT_SOURCE_DIR) + "/tests/data/engine_options/" + engine + ".txt");
  REQUIRE(file);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    INFO(engine << ": " << line);
    // Regular expressions have bars without blanks.
    const auto first = line.find(" | "), second = line.find(" | ", first + 3);
    REQUIRE(second != std::string::npos);
    const std::string name = line.substr(0, first), follows = line.substr(first + 3, second - first - 3);
    if (follows == "program") out.programs.push_back(name);
    else if (follows == "image") out.images.push_back(name);
    else CHECK(out.options.emplace(name, follows).second);
    if (line.find("the server only", second) != std::string::npos) out.of_server.insert(name);
  }
  CHECK(!out.programs.empty());
  return out;
}

template <class T>
bool is_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string wrong(const Known& known, const std::vector<std::string>& option);

/// Where the list has keys of an object ("--speculative-config.method"), it has all of them.
std::string wrong_object(const Known& known, const std::string& name, const nlohmann::json& object) {
  if (!object.is_object()) return "no JSON object";
  const auto dotted = [&](const std::string& key) { return fmt::format("{}.{}", name, key); };
  const auto first = known.options.lower_bound(dotted(""));
  if (first == known.options.end() || !first->first.starts_with(dotted(""))) return "";
  for (const auto& [key, value] : object.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (const std::string why = wrong(known, {dotted(key), text}); !why.empty())
      return fmt::format("{}: {}", key, why);
  }
  return "";
}

/// Nothing wrong: empty.
std::string wrong(const Known& known, const std::vector<std::string>& option) {
  const auto it = known.options.find(option[0]);
  if (it == known.options.end()) return "no such option";
  const std::string& follows = it->second;
  if (follows == "switch") return option.size() == 1 ? "" : "a switch with a value";
  if (option.size() != 2) return "one value is to follow";
  const std::string& value = option[1];
  const auto in = [&](const std::string& words, char between) {
    std::istringstream list(words);
    for (std::string word; std::getline(list, word, between);) {
      if (word == value) return true;
    }
    return false;
  };
  if (follows == "text") return value.empty() ? "empty" : "";
  if (follows == "integer") return is_number<std::int64_t>(value) ? "" : "no integer";
  if (follows == "number") return is_number<double>(value) ? "" : "no number";
  if (follows == "json") return wrong_object(known, option[0], nlohmann::json::parse(value, nullptr, false));
  if (follows == "numbers") {
    std::istringstream list(value);
    for (std::string word; std::getline(list, word, ',');) {
      if (!is_number<double>(word)) return "no number: " + word;
    }
    return "";
  }
  return in(follows, ' ') ? "" : "none of: " + follows;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

bool one_matches(const std::vector<std::string>& patterns, const std::string& text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& p) { return std::regex_match(text, std::regex(p)); });
}

void holds(const Known& known, const StartCommand& c) {
  CHECK(one_matches(known.programs, joined(c.program)));
  INFO(c.image);
  CHECK((c.image.empty() || one_matches(known.images, c.image)));
  bool first = true;
  auto options = c.options;
  if (!c.image.empty() && !c.listen.empty()) options.push_back(c.listen);
  for (const auto& [name, value] : c.environment) options.push_back({name, value});
  for (const std::string& line : c.modelfile) {
    const auto blank = line.rfind(' ');
    options.push_back({line.substr(0, blank), line.substr(blank + 1)});
  }
  for (const auto& option : options) {
    REQUIRE(!option.empty());
    const bool model = std::exchange(first, false) && option.size() == 1 && !option[0].starts_with('-');
    INFO(joined(option));
    if (!model) CHECK_THAT(wrong(known, option), Catch::Matchers::Equals(""));
    if (c.program[0] == "llama-cli") CHECK(!known.of_server.contains(option[0]));
  }
}

using Change = std::function<void(Scenario&)>;

std::vector<Change> changes() {
  using engine::Speculative;
  std::vector<Change> out{
      [](Scenario&) {},
      [](Scenario& s) { s.context = 65536; },
      [](Scenario& s) { s.context = 400'000, s.device_count = 4; },
      [](Scenario& s) { s.context = 8192, s.concurrency = 4; },
      [](Scenario& s) { s.prompt_tokens = 4000; },
      [](Scenario& s) { s.device_count = 2; },
      [](Scenario& s) { s.tensor_parallel = 2, s.device_count = 2; },
      [](Scenario& s) { s.pipeline_parallel = 2, s.device_count = 2; },
      [](Scenario& s) { s.data_parallel = 2, s.device_count = 2; },
      [](Scenario& s) { s.tensor_parallel = 2, s.expert_parallel = 2, s.device_count = 2; },
      [](Scenario& s) {
        s.tensor_split = {3, 1}, s.device_count = 2;
      },
      [](Scenario& s) { s.gpu_layers = 12; },
      [](Scenario& s) { s.cpu_moe_layers = 10; },
      [](Scenario& s) { s.batch = 4096, s.ubatch = 1024; },
      [](Scenario& s) { s.parallel_slots = 6; },
      [](Scenario& s) { s.kv_unified = true, s.parallel_slots = 3; },
      [](Scenario& s) { s.kv_unified = true, s.program = "cli"; },
      [](Scenario& s) { s.parallel_slots = 4, s.program = "cli"; },
      [](Scenario& s) {
        s.speculative = Speculative{"ngram", 4, 0.3, ""}, s.program = "cli";
      },
      [](Scenario& s) { s.kv_unified = false; },
      [](Scenario& s) { s.mmproj = true; },
      [](Scenario& s) { s.mmproj = false; },
      [](Scenario& s) { s.flash_attention = true; },
      [](Scenario& s) { s.flash_attention = false; },
      [](Scenario& s) { s.gpu_memory_utilization = 0.85; },
      [](Scenario& s) { s.mem_fraction_static = 0.8; },
      [](Scenario& s) { s.max_num_seqs = 32, s.max_num_batched_tokens = 4096; },
      [](Scenario& s) { s.max_running_requests = 64, s.chunked_prefill_size = 4096; },
      [](Scenario& s) { s.max_total_tokens = 100'000, s.page_size = 64, s.cuda_graph_max_bs = 32; },
      [](Scenario& s) { s.max_mamba_cache_size = 64; },
      [](Scenario& s) { s.mamba_full_memory_ratio = 0.5; },
      [](Scenario& s) { s.mamba_cache_mode = "align"; },
      [](Scenario& s) { s.mamba_ssm_dtype = "bfloat16"; },
      [](Scenario& s) { s.enforce_eager = true, s.disable_radix_cache = true; },
      [](Scenario& s) { s.enforce_eager = false, s.enable_prefix_caching = true; },
      [](Scenario& s) { s.enable_prefix_caching = false; },
      [](Scenario& s) { s.language_model_only = true; },
      [](Scenario& s) { s.language_model_only = false; },
      [](Scenario& s) { s.cpu_offload_gb = 4; },
      [](Scenario& s) { s.cpu_offload_gb = 2.5; },
      [](Scenario& s) { s.kv_cache_memory_bytes = 2'000'000'000, s.block_size = 32; },
      [](Scenario& s) {
        s.speculative = Speculative{"mtp", 2, 0.7, ""};
      },
      [](Scenario& s) {
        s.speculative = Speculative{"ngram", 4, 0.3, ""};
      },
  };
  for (const char* type : {"f16", "bf16", "q8_0", "q5_1", "iq4_nl", "fp8", "f8_e5m2", "int8", "nvfp4"})
    out.emplace_back([type](Scenario& s) { s.kv_type = type; });
  for (const char* mode : {"none", "layer", "row", "tensor"})
    out.emplace_back([mode](Scenario& s) { s.split_mode = mode, s.device_count = 2; });
  for (const char* format : {"q4_k_m", "q8_0", "f16", "bf16", "f32", "ud-q4_k_xl", "fp8", "awq-int4",
                             "gptq-int4", "nf4", "nvfp4", "mlx-8bit"})
    out.emplace_back([format](Scenario& s) { s.format = format; });
  for (const char* version : {"main", "latest", "b9106", "b9415-0adede866", "v0.27", "0.27.x", "0.8.5.post1",
                              "0.5.12", "1.3.0rc19", "nightly (2026-07-01)"})
    out.emplace_back([version](Scenario& s) { s.engine_version = version; });
  for (const char* method : {"draft", "eagle3", "dflash"})
    out.emplace_back([method](Scenario& s) {
      s.speculative = Speculative{method, 4, 0.6, "Qwen/Qwen3-0.6B"};
    });
  return out;
}

StartCommand command(const std::string& engine, const std::string& model, const std::string& device,
                     const Change& change) {
  static Estimator estimator(catalog::Catalog::builtin());
  Scenario s;
  s.engine = engine;
  s.model = model;
  s.devices = {{device, 1}};
  change(s);
  const Estimate e = estimator.estimate(s);
  return command_for(estimator, s, e);
}

std::string option_of(const StartCommand& c, const std::string& name) {
  for (const auto& option : c.options) {
    if (option[0] == name) return option.size() > 1 ? option[1] : "given";
  }
  return "(none)";
}

}  // namespace

TEST_CASE("Every option that is written is one that the engine's parser takes") {
  const std::map<std::string, std::vector<std::string>> devices{
      {"llama.cpp", {"rtx-4090", "rx-7900-xtx", "cpu-ddr5-5600-dual", "M3 Max 64GB"}},
      {"ollama", {"rtx-4090", "rx-7900-xtx", "M3 Max 64GB"}},
      {"vllm", {"h100", "mi300x"}},
      {"sglang", {"h100", "b200"}},
      {"tensorrt-llm", {"h100"}},
      {"mlx", {"M3 Max 64GB"}}};
  const std::vector<Change> all = changes();
  std::map<std::string, Known> known;
  for (const auto& [engine, names] : devices) known.emplace(engine, known_of(engine));
  for (const auto& [engine, names] : devices) {
    int written = 0;
    for (const std::string& device : names) {
      for (const char* model : {"qwen3-8b", "qwen3-30b-a3b", "qwen3.5-27b", "qwen2.5-vl-7b",
                                "qwen3-embedding-0.6b", "qwen3-reranker-0.6b"}) {
        for (std::size_t i = 0; i < all.size(); ++i) {
          INFO(engine << " " << model << " on " << device << ", change " << i);
          try {
            const StartCommand c = command(engine, model, device, all[i]);
            holds(known.at(c.engine), c);  // Ollama's MLX models are MLX's
            ++written;
          } catch (const Error&) {
            continue;  // refused, with a sentence
          }
        }
      }
    }
    INFO(engine);
    CHECK(written > 100);
  }
}

TEST_CASE("What the engines take, check reads") {
  const std::map<std::string, EngineKind> kinds{{"llama.cpp", EngineKind::llama_cpp},
                                                {"vllm", EngineKind::vllm},
                                                {"sglang", EngineKind::sglang},
                                                {"tensorrt-llm", EngineKind::tensorrt_llm},
                                                {"mlx", EngineKind::mlx}};
  for (const auto& [engine, kind] : kinds) {
    for (const auto& [name, follows] : known_of(engine).options) {
      INFO(engine << " " << name);
      if (!name.starts_with('-')) continue;  // a variable
      std::vector<Word> words{{name, 1, {}}};
      if (follows != "switch") words.push_back({follows.substr(0, follows.find(' ')), 1, {}});
      words.push_back({"behind", 1, {}});
      const ParsedOptions parsed = parse_options(kind, words);
      CHECK(parsed.unknown.empty());
      CHECK(parsed.ambiguous.empty());
      // Of the right form: what follows is no value, or the one.
      CHECK(parsed.positional.size() == 1);
    }
  }
}

TEST_CASE("Options that data/engines dates are options") {
  int dated = 0;
  for (const catalog::Engine* engine : catalog::Catalog::builtin().engines()) {
    for (const catalog::Feature& feature : engine->features) {
      if (!feature.name.starts_with('-')) continue;
      INFO(engine->id << " " << feature.name);
      CHECK(known_of(std::string(engine->id)).options.contains(std::string(feature.name)));
      ++dated;
    }
  }
  CHECK(dated > 5);
}

TEST_CASE("What changed between versions is written as each takes it") {
  const auto version = [](const char* text) { return [text](Scenario& s) { s.engine_version = text; }; };
  SECTION("images carry a tag that is there") {
    CHECK(command("vllm", "qwen3-8b", "h100", version("main")).image == "vllm/vllm-openai:v0.28.0");
    CHECK(command("vllm", "qwen3-8b", "h100", version("v0.27")).image == "vllm/vllm-openai:v0.27.0");
    CHECK(command("vllm", "qwen3-8b", "h100", version("0.8.5.post1")).image ==
          "vllm/vllm-openai:v0.8.5.post1");
    CHECK(command("vllm", "qwen3-8b", "mi300x", version("0.11.0")).image.empty());
    CHECK(command("vllm", "qwen3-8b", "h100", version("0..1")).image == "vllm/vllm-openai:v0.28.0");
    CHECK(command("llama.cpp", "qwen3-0.6b", "rtx-4090", version("b-12.0.0")).image ==
          "ghcr.io/ggml-org/llama.cpp:server-cuda");
    CHECK(command("sglang", "qwen3-8b", "h100", version("0.5.18")).image == "lmsysorg/sglang:v0.5.18");
    CHECK(command("sglang", "qwen3-8b", "h100", version("0.5.2")).image == "lmsysorg/sglang:v0.5.2-cu126");
    CHECK(command("sglang", "qwen3-8b", "h100", version("0.4.7")).image == "lmsysorg/sglang:v0.4.7-cu124");
    CHECK(command("ollama", "qwen3-8b", "rx-7900-xtx", version("0.17.1")).image ==
          "ollama/ollama:0.17.1-rocm");
    CHECK(command("llama.cpp", "qwen3-8b", "rtx-4090", version("b9415-0adede866")).image ==
          "ghcr.io/ggml-org/llama.cpp:server-cuda-b9415");
  }
  SECTION("vLLM gave bitsandbytes away") {
    const auto nf4 = [](Scenario& s) { s.format = "nf4"; };
    const StartCommand c = command("vllm", "qwen3-8b", "h100", nf4);
    CHECK(c.image == "vllm/vllm-openai:v0.27.0");
    REQUIRE(c.notes.size() == 1);
    CHECK(c.notes[0].find("vllm-bnb-plugin") != std::string::npos);
    const auto older = [&](Scenario& s) { nf4(s), s.engine_version = "0.20.0"; };
    CHECK(command("vllm", "qwen3-8b", "h100", older).notes.empty());
  }
  SECTION("a text model of a vision model") {
    const auto text_only = [](const char* v) {
      return [v](Scenario& s) { s.language_model_only = true, s.engine_version = v; };
    };
    CHECK(option_of(command("vllm", "qwen2.5-vl-7b", "h100", text_only("0.28.0")), "--language-model-only") ==
          "given");
    CHECK(option_of(command("vllm", "qwen2.5-vl-7b", "h100", text_only("0.11.0")), "--limit-mm-per-prompt") ==
          R"({"image":0,"video":0})");
  }
  SECTION("SGLang's graphs") {
    const auto graphs = [](const char* v) {
      return [v](Scenario& s) { s.cuda_graph_max_bs = 32, s.engine_version = v; };
    };
    CHECK(option_of(command("sglang", "qwen3-8b", "h100", graphs("0.5.18")), "--cuda-graph-max-bs-decode") ==
          "32");
    CHECK(option_of(command("sglang", "qwen3-8b", "h100", graphs("0.5.12")), "--cuda-graph-max-bs") == "32");
  }
  SECTION("TensorRT-LLM's KV type came after its last release") {
    const StartCommand c =
        command("tensorrt-llm", "qwen3-8b", "h100", [](Scenario& s) { s.kv_type = "fp8"; });
    CHECK(c.image == "nvcr.io/nvidia/tensorrt-llm/release:1.3.0rc19");
    CHECK(c.notes.size() == 1);
    CHECK(command("tensorrt-llm", "qwen3-8b", "h100", [](Scenario&) {}).image ==
          "nvcr.io/nvidia/tensorrt-llm/release:1.2.1");
  }
  SECTION("llama.cpp's flash attention was a switch, and some flags were not there") {
    const auto old = [](Scenario& s) { s.flash_attention = true, s.engine_version = "b5500"; };
    CHECK(option_of(command("llama.cpp", "qwen3-8b", "rtx-4090", old), "-fa") == "given");
    const auto drafted = [](Scenario& s) {
      s.speculative = engine::Speculative{"ngram", 4, 0.3, ""}, s.engine_version = "b8000";
    };
    const StartCommand c = command("llama.cpp", "qwen3-8b", "rtx-4090", drafted);
    REQUIRE(c.notes.size() == 2);
    CHECK(c.notes[0] == "--spec-type: b9842 is the oldest version that is known to have it");
  }
}

TEST_CASE("SGLang's offloaded GiB are whole") {
  const auto offload = [](double gib) { return [gib](Scenario& s) { s.cpu_offload_gb = gib; }; };
  CHECK(option_of(command("sglang", "qwen3-8b", "h100", offload(4)), "--cpu-offload-gb") == "4");
  CHECK_THROWS_AS(command("sglang", "qwen3-8b", "h100", offload(2.5)), Error);
  CHECK(option_of(command("vllm", "qwen3-8b", "h100", offload(2.5)), "--cpu-offload-gb") == "2.5");
}

TEST_CASE("No KV type is left out of a command in silence") {
  const auto kv = [](const char* type) { return [type](Scenario& s) { s.kv_type = type; }; };
  CHECK(option_of(command("vllm", "qwen3-8b", "h100", kv("int8")), "--kv-cache-dtype") ==
        "int8_per_token_head");
  CHECK(option_of(command("vllm", "qwen3-8b", "h100", kv("nvfp4")), "--kv-cache-dtype") == "nvfp4");
  CHECK(option_of(command("sglang", "qwen3-8b", "b200", kv("nvfp4")), "--kv-cache-dtype") == "nvfp4");
  CHECK(option_of(command("tensorrt-llm", "qwen3-8b", "b200", kv("nvfp4")), "--kv_cache_dtype") == "nvfp4");
  CHECK(option_of(command("vllm", "qwen3-8b", "h100", kv("bf16")), "--kv-cache-dtype") == "(none)");
  CHECK_THROWS_AS(command("sglang", "qwen3-8b", "h100", kv("int8")), Error);
  CHECK_THROWS_AS(command("tensorrt-llm", "qwen3-8b", "h100", kv("f8_e5m2")), Error);
}
