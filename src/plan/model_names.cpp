#include "model_names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "qwenfit/error.hpp"
#include "text.hpp"
#include "workload.hpp"

namespace qwenfit::plan {
namespace {

std::string without_scheme(std::string_view text) {
  for (const std::string_view scheme :
       {"hf://", "ollama://", "huggingface://", "modelscope://", "ms://", "https://huggingface.co/",
        "https://hf.co/", "https://modelscope.cn/models/", "hf.co/", "huggingface.co/", "ollama.com/library/",
        "registry.ollama.ai/library/"}) {
    if (text.starts_with(scheme)) {
      text.remove_prefix(scheme.size());
      break;
    }
  }
  if (const auto query = text.find('?'); query != std::string_view::npos) text = text.substr(0, query);
  while (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

/// Names to try, the likeliest first: the whole, then the parts of a path from its end.
std::vector<std::string> candidates(const Deployment& d) {
  std::string name = without_scheme(d.model);
  std::vector<std::string> out;
  const auto slashes = std::count(name.begin(), name.end(), '/') + std::count(name.begin(), name.end(), '\\');
  const bool path = name.starts_with('/') || name.starts_with('.') || name.starts_with('~') || slashes > 1 ||
                    name.find("://") != std::string::npos;
  if (!path) {
    out.push_back(name);
    // Ollama's tag without a size is its `latest`.
    if (d.engine == "ollama" && name.find(':') == std::string::npos)
      out.insert(out.begin(), name + ":latest");
    if (d.engine == "ollama" && name.find('/') != std::string::npos) out.emplace_back(base_name(name));
  }
  std::string_view rest = name;
  for (int i = 0; i < 8 && !rest.empty(); ++i) {
    std::string part(base_name(rest));
    // The cache of Hugging Face: models--Qwen--Qwen3-8B
    if (part.starts_with("models--")) {
      part = part.substr(8);
      if (const auto at = part.find("--"); at != std::string::npos) part.replace(at, 2, "/");
    }
    if (!part.empty() && part != name && (i == 0 || mentions_qwen(part))) out.push_back(part);
    if (!path) break;  // owner/repository: an owner is no model
    const auto slash = rest.find_last_of("/\\");
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(0, slash);
  }
  return out;
}

/// A GGUF file has one quantization, and it may be any: where the name without its ending says none, it is
/// open.
bool names_no_quantization(const std::string& name, const catalog::Catalog& catalog) {
  constexpr std::size_t kEnding = 5;
  if (name.size() <= kEnding || !lower(name).ends_with(".gguf")) return false;
  try {
    const catalog::ModelMatch match = catalog.find_model(name.substr(0, name.size() - kEnding));
    return !match.format && match.format_text.empty();
  } catch (const Error&) {
    return false;
  }
}

/// Takes over what `match` says. Ids and names without a slash, so that they can be no path.
bool take(Deployment& d, const catalog::ModelMatch& match) {
  d.model_id = std::string(match.model->id);
  std::string name(match.variant && !match.variant->name.empty() ? match.variant->name : match.model->id);
  d.scenario.model = std::string(base_name(name));
  if (match.mtp) d.scenario.model += "-MTP";
  if (!match.note.empty()) d.notes.push_back(match.note);
  if (match.format) {
    d.scenario.format = std::string(match.format->id);
    return true;
  }
  if (!match.format_text.empty()) {
    add_unresolved(d, "format", {fmt::format("'{}' is not in the catalog", match.format_text)});
    return true;
  }
  return false;
}

}  // namespace

const catalog::Catalog& catalog_of(const Options& options) {
  return options.catalog ? *options.catalog : catalog::Catalog::builtin();
}

bool mentions_qwen(std::string_view text) {
  static constexpr std::string_view kName = "qwen";
  const auto same = [](char a, char b) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(a))) == b;
  };
  for (auto at = text.begin();; ++at) {
    at = std::search(at, text.end(), kName.begin(), kName.end(), same);
    if (at == text.end()) break;
    // Prose and CI files name this program.
    if (lower(text.substr(static_cast<std::size_t>(at - text.begin()), 7)) != "qwenfit") return true;
  }
  return contains_folded(text, "qwq") || contains_folded(text, "qvq");
}

/// Families of other publishers whose names stand in file names.
static bool names_other_family(std::string_view name) {
  for (const std::string_view family :
       {"llama",      "mistral",        "mixtral", "gemma",  "gpt-oss",  "phi-",
        "deepseek-v", "deepseek-coder", "glm-",    "kimi",   "nemotron", "granite",
        "falcon",     "command-r",      "minimax", "smollm", "devstral", "magistral",
        "olmo",       "bge-",           "nomic",   "whisper"}) {
    if (contains_folded(name, family)) return true;
  }
  return false;
}

bool name_model(Deployment& d, bool known, const Options& options) {
  const catalog::Catalog& catalog = catalog_of(options);
  std::string why;
  bool ambiguous = false;
  const auto attempt = [&](const std::string& name) -> std::optional<bool> {
    if (name.empty() || name.size() > 300) return std::nullopt;
    try {
      if (names_no_quantization(name, catalog))
        add_unresolved(d, "format", {fmt::format("'{}' names no quantization", base_name(name))});
      return take(d, catalog.find_model(name));
    } catch (const Error& e) {
      if (why.empty() || e.code() == ErrorCode::ambiguous) why = e.what();
      ambiguous = ambiguous || e.code() == ErrorCode::ambiguous;
      return std::nullopt;
    }
  };
  if (known) {
    for (const std::string& name : candidates(d)) {
      if (const auto format = attempt(name)) return *format;
    }
  }
  if (!options.model.empty() &&
      (!known || mentions_qwen(d.model) || d.model.starts_with('/') || d.model.starts_with('.'))) {
    const catalog::ModelMatch match = catalog.find_model(options.model);
    std::erase_if(d.unresolved, [](const std::string& entry) { return entry.starts_with("model: "); });
    return take(d, match);
  }
  // A file's own name says that it is somebody else's: gpt-oss-120b.gguf
  const std::string file(base_name(d.model));
  const bool other_file = known && file.size() > 8 && (file.ends_with(".gguf") || names_other_family(file)) &&
                          !mentions_qwen(d.model) && !lower(file).starts_with("model") &&
                          !lower(file).starts_with("ggml-model");
  if (other_file && !ambiguous) {
    d.estimable = false;
    return false;
  }
  const bool local = d.model.starts_with('/') || d.model.starts_with('.') || d.model.starts_with('~') ||
                     d.model.find("pvc://") == 0;
  if (known && !d.model.empty() && !mentions_qwen(d.model) && !local && !ambiguous) {
    d.estimable = false;  // somebody else's model
    return false;
  }
  if (!known || local || d.model.empty()) {
    // A path may say nothing; then the alias is all there is.
    for (const std::string& name : d.served_names) {
      if (!mentions_qwen(name)) continue;
      if (const auto format = attempt(name)) {
        add_unresolved(d, "model",
                       {fmt::format("only the served name '{}' says what '{}' is", name, d.model)});
        return *format;
      }
    }
  }
  if (known) add_unresolved(d, "model", {why.empty() ? "'" + d.model + "' does not say which" : why});
  return false;
}

}  // namespace qwenfit::plan
