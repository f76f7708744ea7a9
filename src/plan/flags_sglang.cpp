// SGLang's flags that are no plain value of a scenario key, both ways.
#include <fmt/format.h>

#include <cmath>

#include "interpret.hpp"
#include "qwenfit/error.hpp"
#include "text.hpp"
#include "writer.hpp"

namespace qwenfit::plan {

void Interpreter::sglang() {
  model_from("model_path");
  if (d_.model.empty() && !p_->positional.empty()) use_model(p_->positional[0], 0);
  served_from("served_model_name");
  quantization("quantization");
  dtype();
  if (on("enable_dp_attention") && d_.scenario.data_parallel.value_or(1) > 1) {
    // The ranks of attention are those of the tensor parallel group, no further cards.
    d_.scenario.data_parallel.reset();
    add_unresolved(d_, "enable_dp_attention", {"attention with ranks of its own is not estimated"});
  }
  if (const Setting* s = find("speculative_algorithm"); s && s->value.unresolved.empty()) {
    // SGLang runs a model's own MTP layers as EAGLE without a draft model.
    const bool own = !find("speculative_draft_model_path");
    auto tokens = number("speculative_num_draft_tokens");
    if (tokens && *tokens > 1) tokens = *tokens - 1;
    if (const auto steps = number("speculative_num_steps"); steps && !tokens) tokens = steps;
    const std::string algorithm = lower(s->value.text);
    speculative(own && (algorithm == "eagle" || algorithm == "nextn") ? "mtp" : algorithm, tokens);
  }
  if (const Setting* s = find("disaggregation_mode");
      s && d_.role.empty() && s->value.unresolved.empty() && s->value.text != "null")
    d_.role = s->value.text;
}

void Writer::sglang() {
  c_.program = {"python3", "-m", "sglang.launch_server"};
  c_.port = 30000;
  c_.listen = {"--host", "0.0.0.0"};
  const engine::Backend backend = e_.setup.backend;
  if (backend == engine::Backend::cuda) {
    c_.image = "lmsysorg/sglang:v" + version();
    // Older tags all name CUDA's version.
    if (lacks("plain_image")) c_.image += lacks("cuda126_image") ? "-cu124" : "-cu126";
  }
  add({"--model-path", c_.model});
  if (kind() == "embedding") add({"--is-embedding"});
  write_format();
  if (s_.cpu_offload_gb && *s_.cpu_offload_gb != std::floor(*s_.cpu_offload_gb))
    throw Error(ErrorCode::unsupported,
                fmt::format("cpu_offload_gb: SGLang takes whole GiB, not {}", *s_.cpu_offload_gb));
  write_keys();
  // Since #23906 prefill has graphs with a size of their own; the old name went in September 2026.
  if (lacks("--cuda-graph-max-bs-decode")) {
    for (auto& option : c_.options)
      if (option[0] == "--cuda-graph-max-bs-decode") option[0] = "--cuda-graph-max-bs";
  }
  write_yarn();
  if (!s_.speculative) return;
  // One drafted chain: as many steps as tokens, and the token that the target itself adds.
  const engine::Speculative& s = *s_.speculative;
  const bool drafts = s.method != "mtp" && s.method != "ngram";
  if (drafts && s.draft_model.empty()) {
    c_.notes.push_back("--speculative-draft-model-path needs the draft model: " + s.method);
    return;
  }
  const std::string algorithm = s.method == "mtp"      ? "EAGLE"
                                : s.method == "ngram"  ? "NGRAM"
                                : s.method == "eagle3" ? "EAGLE3"
                                : s.method == "dflash" ? "DFLASH"
                                                       : "STANDALONE";
  add({"--speculative-algorithm", algorithm});
  if (drafts) add({"--speculative-draft-model-path", s.draft_model});
  if (s.method != "ngram") {
    add({"--speculative-num-steps", std::to_string(s.tokens)});
    add({"--speculative-eagle-topk", "1"});
  }
  add({"--speculative-num-draft-tokens", std::to_string(s.tokens + 1)});
}

}  // namespace qwenfit::plan
