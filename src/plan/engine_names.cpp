// What engines are called: ids of the catalog, container images, words of commands.
#include "launch.hpp"
#include "text.hpp"

namespace qwenfit::plan {

std::string_view engine_id(EngineKind kind) {
  switch (kind) {
    case EngineKind::vllm:
    case EngineKind::huggingface: return "vllm";
    case EngineKind::sglang: return "sglang";
    case EngineKind::llama_cpp: return "llama.cpp";
    case EngineKind::ollama: return "ollama";
    case EngineKind::tensorrt_llm: return "tensorrt-llm";
    case EngineKind::tgi: return "text-generation-inference";
    case EngineKind::mlx: return "mlx";
    case EngineKind::other: break;
  }
  return "unknown";
}

std::optional<EngineKind> engine_kind(std::string_view id) {
  for (const EngineKind kind : {EngineKind::vllm, EngineKind::sglang, EngineKind::llama_cpp,
                                EngineKind::ollama, EngineKind::tensorrt_llm, EngineKind::mlx}) {
    if (engine_id(kind) == id) return kind;
  }
  return std::nullopt;
}

bool may_launch(const std::vector<Word>& words) {
  for (const Word& word : words) {
    const std::string_view text = word.text;
    for (const std::string_view hint :
         {"vllm", "sglang", "llama", "trtllm", "tensorrt", "text-generation", "launch_server", "mlx_lm",
          "huggingfaceserver", "lmdeploy", "koboldcpp", "tabby", "aphrodite", "docker", "podman"}) {
      if (contains_folded(text, hint)) return true;
    }
  }
  return false;
}

std::optional<EngineKind> engine_of_image(std::string_view image) {
  struct Pattern {
    std::string_view part;
    EngineKind engine;
  };
  static constexpr Pattern kPatterns[] = {{"huggingfaceserver", EngineKind::huggingface},
                                          {"sglang", EngineKind::sglang},
                                          {"ollama", EngineKind::ollama},
                                          {"llama.cpp", EngineKind::llama_cpp},
                                          {"llama-cpp", EngineKind::llama_cpp},
                                          {"llamacpp", EngineKind::llama_cpp},
                                          {"llama-server", EngineKind::llama_cpp},
                                          {"ik_llama", EngineKind::llama_cpp},
                                          {"ik-llama", EngineKind::llama_cpp},
                                          {"tensorrt-llm", EngineKind::tensorrt_llm},
                                          {"tensorrtllm", EngineKind::tensorrt_llm},
                                          {"trtllm", EngineKind::tensorrt_llm},
                                          {"text-generation-inference", EngineKind::tgi},
                                          {"vllm", EngineKind::vllm}};
  for (const Pattern& p : kPatterns) {
    if (contains_folded(image, p.part)) return p.engine;
  }
  return std::nullopt;
}

bool image_is_server(std::string_view image) {
  const auto engine = engine_of_image(image);
  if (!engine) return false;
  return *engine == EngineKind::vllm || *engine == EngineKind::huggingface || *engine == EngineKind::tgi ||
         *engine == EngineKind::llama_cpp;
}

}  // namespace qwenfit::plan
