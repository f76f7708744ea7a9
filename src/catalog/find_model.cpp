// Names people write -> models: the index first, then the words.
#include <fmt/format.h>

#include <algorithm>

#include "catalog_impl.hpp"
#include "name_format.hpp"
#include "nearest.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::catalog {
namespace {

using Impl = Catalog::Impl;

/// A name cut up: "hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M" has the parts hf.co, unsloth, Qwen3-8B-GGUF:Q4_K_M.
std::vector<std::string> path_parts(std::string_view name) {
  std::vector<std::string> parts(1);
  for (const char c : name.substr(0, kLongestName)) {
    if (c == '/' || c == '\\') parts.emplace_back();
    else parts.back() += c;
  }
  // The cache of huggingface_hub: models--Qwen--Qwen3-8B.
  for (std::string& part : parts) {
    if (!part.starts_with("models--")) continue;
    if (const auto dashes = part.rfind("--"); dashes > 6) part.erase(0, dashes + 2);
  }
  std::erase_if(parts, [](const std::string& part) { return part.empty() || part == "."; });
  return parts;
}

/// The middle of "user/library:tag" and the like. Windows drives ("C:") and ports are none.
bool is_registry_tag(const std::vector<std::string>& parts, const std::string& part) {
  const auto colon = part.find(':');
  if (colon == std::string::npos || colon + 1 == part.size()) return false;
  // repo:QUANT names the size ahead of the colon, a tag behind it.
  for (const Word& word : split_words(part.substr(0, colon))) {
    if (size_word(word.text) > 0) return false;
  }
  return parts.front() != "hf.co" && parts.front() != "huggingface.co";
}

ModelMatch match_of(const Impl& impl, int record, int variant) {
  ModelMatch match;
  match.model = impl.models[static_cast<std::size_t>(record)];
  if (variant >= 0) match.variant = &match.model->variants[static_cast<std::size_t>(variant)];
  return match;
}

std::string_view name_of(const ModelMatch& match) {
  return match.variant ? match.variant->name : match.model->name;
}

std::string_view variant_kind(const ModelMatch& match) {
  return kind_of_model(*match.model, match.variant);
}

std::optional<ModelMatch> find_in_index(const Impl& impl, std::string_view name) {
  const auto found = find_entries(impl.names, NameKind::model, fold_model_name(name.substr(0, kLongestName)));
  if (found.empty()) return std::nullopt;
  ModelMatch match = match_of(impl, found.front().record, found.front().variant);
  for (const RegistryTag& tag : match.model->tags) {
    if (tag.format.empty() || fold_model_name(tag.name) != found.front().name) continue;
    match.format = format_named(impl, fold_name(tag.format));
    match.format_text = std::string(tag.format);
  }
  return match;
}

/// Ollama's own ways: "text" is the base model, and its qwen library holds v1 only where a tag names a
/// quantization but not v1.5.
void read_as_ollama(std::vector<Word>& words, bool names_format) {
  const auto has = [&](std::string_view text) {
    return std::any_of(words.begin(), words.end(), [&](const Word& w) { return w.text == text; });
  };
  for (const Word& word : words) {
    if (word.text == "cloud")
      throw Error(ErrorCode::unsupported,
                  "a -cloud tag of Ollama runs on Ollama's servers: name the model itself to see what it "
                  "takes on your own devices");
  }
  const bool second = has("v1.5") || !names_format;
  for (Word& word : words) {
    if (word.text == "text" || word.text == "code") word.text = "base";
    if (word.text == "qwen" && second) word.text = "qwen1.5";
  }
  std::erase_if(words, [](const Word& word) { return word.text == "v1.5" || word.text == "latest"; });
}

/// What Ollama serves when a tag names no quantization.
std::string_view ollama_default(std::string_view family) {
  // Libraries of before autumn 2024 default to Q4_0 (blob sizes of their manifests show it).
  for (const std::string_view old : {"Qwen1.5", "CodeQwen1.5", "Qwen2", "Qwen2-Math"}) {
    if (family == old) return "q40";
  }
  return "q4km";
}

class ModelSearch {
 public:
  ModelSearch(const Impl& impl, std::string_view name) : impl_(impl), name_(name), parts_(path_parts(name)) {}

  ModelMatch run() {
    // The last part that names a family, with the formats of what follows it:
    // Qwen3-8B-GGUF/q4_k_m.gguf is Qwen3-8B.
    for (std::size_t i = parts_.size(); i-- > 0;) {
      if (auto match = find_in_index(impl_, parts_[i])) {
        if (i + 1 < parts_.size()) add_format(*match, i + 1);
        return *match;
      }
      if (impl_.model_names().has_family(split_words(parts_[i]))) return by_words(i);
    }
    fail_unknown(ModelQuery{});
  }

 private:
  FormatContext context(std::size_t part) {
    owner_ = part > 0 ? fold_name(parts_[part - 1]) : "";
    return {owner_, false};
  }

  /// The format that a later part of the path carries.
  void add_format(ModelMatch& match, std::size_t first) {
    for (std::size_t i = first; i < parts_.size() && !match.format; ++i) {
      const NamedFormat named =
          find_format_words(impl_, parts_[i], split_words(parts_[i]), context(first - 1));
      if (named.text.empty()) continue;
      match.format = named.format;
      match.format_text = named.text;
      add_note(match, named.note);
    }
  }

  ModelMatch by_words(std::size_t part) {
    const std::string& text = parts_[part];
    std::vector<Word> words = split_words(text);
    FormatContext how = context(part);
    how.ollama = is_registry_tag(parts_, text);
    const NamedFormat named = find_format_words(impl_, text, words, how);
    std::vector<Word> left;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (!named.used[i]) left.push_back(words[i]);
    }
    if (how.ollama) read_as_ollama(left, !named.text.empty());
    const ModelQuery query = impl_.model_names().query(left, {});
    ModelMatch match = choose(query, how.ollama);
    if (named.text.empty()) add_format(match, part + 1);  // Qwen3-8B-GGUF/q4_k_m.gguf
    if (!match.format && match.format_text.empty()) {
      match.format = named.format;
      match.format_text = named.text;
      add_note(match, named.note);
    }
    if (!match.format && match.format_text.empty() && how.ollama)
      match.format = format_named(impl_, ollama_default(match.model->family));
    match.mtp = has_word(words, "mtp");
    if (has_word(words, "mmproj"))
      add_note(match, fmt::format("'{}' is the projector of {}: the language model is calculated", text,
                                  name_of(match)));
    return match;
  }

  static bool has_word(const std::vector<Word>& words, std::string_view text) {
    return std::any_of(words.begin(), words.end(), [&](const Word& w) { return w.text == text; });
  }

  static void add_note(ModelMatch& match, const std::string& note) {
    if (note.empty()) return;
    match.note += match.note.empty() ? note : "; " + note;
  }

  ModelMatch choose(const ModelQuery& query, bool ollama) {
    const std::vector<ModelCandidate> found = impl_.model_names().match(query);
    if (found.empty()) fail_unknown(query);
    std::vector<ModelMatch> equal;
    for (const ModelCandidate& c : found) {
      const ModelCandidate& best = found.front();
      if (c.dropped != best.dropped || c.missing != best.missing || (c.variant >= 0) != (best.variant >= 0))
        break;
      if (equal.empty() || equal.back().model != impl_.models[static_cast<std::size_t>(c.record)])
        equal.push_back(match_of(impl_, c.record, c.variant));
    }
    ModelMatch match = equal.front();
    if (equal.size() > 1) {
      // Sisters of one geometry (Instruct and Thinking): the instruct model stands for both.
      const auto instruct = std::find_if(equal.begin(), equal.end(),
                                         [](const ModelMatch& m) { return variant_kind(m) == "instruct"; });
      if (instruct == equal.end() || equal.size() > 2) fail_ambiguous(equal);
      match = *instruct;
      add_note(match, fmt::format("'{}' is read as {}", name_, name_of(match)));
    }
    // A tag without a kind is the chat model, not the base model.
    if (ollama && query.kind.empty() && !match.variant && match.model->kind == "base") {
      for (const Variant& v : match.model->variants) {
        if (v.kind != "instruct" && v.kind != "chat") continue;
        match.variant = &v;
        break;
      }
    }
    if (!query.unknown.empty() || found.front().dropped > 0)
      add_note(match, fmt::format("'{}' is taken to have the shape of {}", name_, name_of(match)));
    return match;
  }

  [[noreturn]] void fail_ambiguous(const std::vector<ModelMatch>& equal) const {
    std::vector<std::string_view> names;
    for (const ModelMatch& m : equal) names.push_back(m.model->id);
    throw Error(ErrorCode::ambiguous, fmt::format("'{}' may be {}", name_, alternatives(names)));
  }

  [[noreturn]] void fail_unknown(const ModelQuery& query) const {
    const std::string_view shown = name_.substr(0, kLongestName);
    std::vector<std::string_view> near;
    for (const int record : impl_.model_names().same_line(query))
      near.push_back(impl_.models[static_cast<std::size_t>(record)]->id);
    if (!near.empty() && query.sizes.empty() && query.unknown.empty() && query.kind.empty()) {
      throw Error(ErrorCode::ambiguous, fmt::format("'{}' comes in sizes: {}", shown, alternatives(near)));
    }
    const bool misspelt = query.sizes.empty() && !query.unknown.empty();
    if (!near.empty() && !misspelt) {
      near.resize(std::min<std::size_t>(near.size(), 3));
      throw Error(ErrorCode::unknown_name,
                  fmt::format("unknown model '{}': did you mean {}?", shown, alternatives(near)));
    }
    std::vector<std::string_view> known;
    for (const Model* m : impl_.models) known.push_back(m->id);
    throw Error(ErrorCode::unknown_name,
                fmt::format("unknown model '{}'{}", shown, or_listed(did_you_mean(shown, known), "models")));
  }

  const Impl& impl_;
  std::string_view name_;
  std::vector<std::string> parts_;
  std::string owner_;
};

}  // namespace

ModelMatch Catalog::find_model(std::string_view name) const {
  if (auto match = find_in_index(*impl_, name)) return *match;
  return ModelSearch(*impl_, name).run();
}

}  // namespace qwenfit::catalog
