// llama.cpp's flags that are no plain value of a scenario key.
#include <algorithm>

#include "interpret.hpp"
#include "text.hpp"

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
  if (find("override_tensor"))
    d_.notes.emplace_back("--override-tensor moves tensors by pattern: not estimated");
}

}  // namespace qwenfit::plan
