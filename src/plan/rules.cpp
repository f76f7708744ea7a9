// The checks by name.
#include "qwenfit/plan.hpp"

namespace qwenfit::plan {

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: break;
  }
  return "error";
}

std::string_view judgement_name(Judgement judgement) {
  switch (judgement) {
    case Judgement::pass: return "pass";
    case Judgement::fail: return "fail";
    case Judgement::unknown: return "unknown";
    case Judgement::not_checked: break;
  }
  return "not-checked";
}

const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules{
      {"alias-contradicts-model", Severity::warning,
       "The served name claims another size or line than the model has."},
      {"card-shared", Severity::warning, "Servers of one file take more than the whole of a card together."},
      {"concurrency-too-low", Severity::error, "The KV pool holds fewer sequences than are required."},
      {"context-beyond-model", Severity::error, "The context exceeds what the model takes."},
      {"context-needs-yarn", Severity::warning,
       "The context exceeds the model's native one, and no extension (YaRN) is set."},
      {"cpu-offload", Severity::warning, "Weights stay in host memory although nothing asks for it."},
      {"does-not-fit", Severity::error,
       "The engine would not start: weights or one sequence of the context do not fit."},
      {"format-unsupported", Severity::error, "The hardware or the engine can't run this weight format."},
      {"gpus-exceed-request", Severity::error,
       "The engine's parallel sizes need more GPUs than are requested."},
      {"gpus-idle", Severity::warning, "More GPUs are requested than the engine's parallel sizes use."},
      {"heads-not-divisible", Severity::error,
       "The tensor parallel size does not divide the model's attention heads."},
      {"invalid-flag", Severity::error, "A flag has a value that the engine can't read."},
      {"joined-argument", Severity::error, "An argument holds a flag and its value in one word."},
      {"not-estimated", Severity::note, "The engine or model is known, but qwenfit has no estimate for it."},
      {"not-qwen", Severity::note, "The model is no Qwen model: it was not checked."},
      {"not-started", Severity::note, "The file starts no replica of this: it was not checked."},
      {"requirement-not-met", Severity::error, "A requirement of the plan does not hold."},
      {"suppression-ignored", Severity::warning,
       "A suppression names no check or gives no reason, so it counts for nothing."},
      {"tight-memory", Severity::warning, "It fits, but with almost nothing to spare."},
      {"unknown-device", Severity::warning, "The file does not say which device this runs on."},
      {"unreadable", Severity::warning, "The file serves a model in a way that could not be read."},
      {"unresolved", Severity::warning,
       "Something that the answer depends on could not be told from the file."},
      {"utilization-too-high", Severity::warning, "The memory share leaves no room on the card."},
  };
  return kRules;
}

}  // namespace qwenfit::plan
