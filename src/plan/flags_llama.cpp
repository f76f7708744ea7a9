// llama.cpp's flags that are no plain value of a scenario key, both ways.
#include <algorithm>

#include "interpret.hpp"
#include "text.hpp"
#include "writer.hpp"

namespace qwenfit::plan {

void Interpreter::llama() {
  // -hf owner/repo:QUANT; a file name says the quant better.
  if (find("hf_repo")) model_from("hf_repo");
  if (const Setting* f = find("hf_file"); f && f->value.unresolved.empty()) use_model(f->value, f->line);
  if (d_.model.empty()) model_from("model") || model_from("model_url");
  served_from("alias");
  if (d_.model.empty() && (find("models_dir") || find("models_preset")))
    add_unresolved(d_, "model", {"the models of a folder or preset file"});
  const auto slots = number("parallel").value_or(0);
  const bool unified = on("kv_unified") || slots <= 0;
  if (const auto ctx = number("ctx_size"); ctx && *ctx > 0) {
    d_.scenario.context = unified || slots <= 1 ? *ctx : std::max<std::int64_t>(1, *ctx / slots);
  } else if (const Setting* s = find("ctx_size"); s && s->value.unresolved.empty() && !ctx) {
    take("ctx_size", "context");
  }
  if (slots > 0) {
    take("parallel", "parallel_slots");
    if (slots <= 4096) d_.scenario.concurrency = slots;
  }
  // -ctk says nothing of the V cache.
  if (d_.scenario.kv_type && !d_.scenario.kv_type_v) d_.scenario.kv_type_v = "f16";
  if (on("cpu_moe")) d_.scenario.cpu_moe_layers = 1 << 16;
  if ((find("mmproj") || find("mmproj_url")) && !on("no_mmproj")) d_.scenario.mmproj = true;
  if (const Setting* s = find("spec_type"); s && s->value.unresolved.empty()) {
    // ik_llama.cpp joins settings: "mtp:n_max=4,p_min=0.0"
    const std::string& v = s->value.text;
    auto tokens = number("draft_max");
    if (const auto at = v.find("n_max="); at != std::string::npos) {
      std::size_t end = at + 6;
      while (end < v.size() && std::isdigit(static_cast<unsigned char>(v[end]))) ++end;
      tokens = units::parse_count(std::string_view(v).substr(at + 6, end - at - 6));
    }
    speculative(v.substr(0, v.find(':')), tokens);
  } else if (on("multi_token_prediction")) {
    speculative("mtp", number("draft_max"));
  } else if (find("model_draft") || find("hf_repo_draft")) {
    const Setting* draft = find("model_draft") ? find("model_draft") : find("hf_repo_draft");
    speculative("draft", number("draft_max"));
    if (d_.scenario.speculative && draft->value.unresolved.empty())
      d_.scenario.speculative->draft_model = draft->value.text;
  }
  if (const Setting* s = find("split_mode"); s && lower(s->value.text) == "graph")
    add_unresolved(d_, "split_mode", {"'graph' of ik_llama.cpp is not estimated"});
  if (find("override_tensor"))
    d_.notes.emplace_back("--override-tensor moves tensors by pattern: not estimated");
}

void Writer::llama() {
  const engine::LlamaOptions& l = e_.setup.llama;
  c_.program = {l.server ? "llama-server" : "llama-cli"};
  c_.port = 8080;
  c_.listen = {"--host", "0.0.0.0"};
  if (l.server) {
    switch (e_.setup.backend) {
      case engine::Backend::cuda: c_.image = "server-cuda"; break;
      case engine::Backend::rocm: c_.image = "server-rocm"; break;
      case engine::Backend::vulkan: c_.image = "server-vulkan"; break;
      case engine::Backend::sycl: c_.image = "server-intel"; break;
      case engine::Backend::cpu: c_.image = "server"; break;
      default: break;
    }
    if (!c_.image.empty()) c_.image.insert(0, "ghcr.io/ggml-org/llama.cpp:");
    const std::string& asked = e_.setup.engine_version;
    const std::size_t end = std::min(asked.find_first_not_of("0123456789", 1), asked.size());
    if (!c_.image.empty() && asked.starts_with('b') && end > 1) c_.image += "-" + asked.substr(0, end);
  }
  add({c_.model_is_file ? "-m" : "-hf", c_.model});
  // A repository's projector is loaded unasked.
  if (l.mmproj && e_.setup.model->geometry.vision && c_.model_is_file)
    add({"--mmproj", std::string("mmproj-") + std::string(e_.setup.model->name) + "-F16.gguf"});
  else if (!l.mmproj && !c_.model_is_file && e_.setup.model->geometry.vision) add({"--no-mmproj"});
  const std::int64_t slots = std::max<std::int64_t>(l.parallel_slots.value_or(1), e_.setup.concurrency);
  const bool unified = l.kv_unified.value_or(false);
  // Left alone, the server has four slots on one buffer.
  const bool by_itself = !s_.parallel_slots && unified && e_.setup.concurrency == 1;
  add({"-c", std::to_string(unified ? e_.setup.context : e_.setup.context * slots)});
  if (!by_itself && l.server) add({"-np", std::to_string(slots)});
  // Without these the server answers no such request.
  if (l.server && kind() == "embedding") add({"--embedding"});
  if (l.server && kind() == "reranker") add({"--reranking"});
  write_keys();
  write_yarn();
  if (!s_.speculative) return;
  const engine::Speculative& s = *s_.speculative;
  if (s.method == "draft") {
    if (s.draft_model.empty()) c_.notes.emplace_back("-md needs the draft model's file");
    else add({"-md", s.draft_model});
  } else {
    add({"--spec-type", s.method == "ngram" ? "ngram-simple" : "draft-" + s.method});
  }
  if (s.method != "draft" || !s.draft_model.empty()) add({"--spec-draft-n-max", std::to_string(s.tokens)});
}

}  // namespace qwenfit::plan
