// SGLang's flags that are no plain value of a scenario key.
#include "interpret.hpp"
#include "text.hpp"

namespace qwenfit::plan {

void Interpreter::sglang() {
  model_from("model_path");
  if (d_.model.empty() && !p_->positional.empty()) use_model(p_->positional[0], 0);
  served_from("served_model_name");
  quantization("quantization");
  dtype();
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

}  // namespace qwenfit::plan
