// The card of a model: what it is, its shape, and what takes its memory.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "knowledge.hpp"
#include "qwenfit/benchmarks.hpp"

namespace qwenfit::report {
namespace {

using units::format_bytes_decimal;
using units::format_grouped;
using units::format_parameters;

/// Above this share a part is worth a sentence.
constexpr double kNotable = 0.15;
/// Weights below this are no larger than what an engine takes for itself. Bytes.
constexpr Bytes kSmall = 1'000'000'000;

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string kind_of_network(const catalog::Geometry& g) {
  std::string out =
      g.moe ? fmt::format("mixture of {} experts, {} per token", g.moe->experts, g.moe->experts_per_token)
            : "dense";
  if (g.linear_attention)
    out += fmt::format("; full attention in one layer of {}, linear attention in the others",
                       g.linear_attention->full_attention_interval);
  return out;
}

/// What dominates the memory, as sentences.
std::vector<std::string> memory_sentences(const catalog::Model& m, const ModelFacts& f) {
  std::vector<std::string> out;
  const model::ParameterCount& n = f.parameters;
  const std::string context = format_grouped(m.context.native);
  if (f.cache_outweighs && *f.cache_outweighs <= m.context.native) {
    out.push_back(
        fmt::format("The weights at short contexts, the KV cache from {} tokens on: {} of weights in {} "
                    "against {} of cache "
                    "at {} tokens.",
                    format_grouped(*f.cache_outweighs), format_bytes_decimal(f.weights), f.format->name,
                    format_bytes_decimal(f.kv.bytes_per_sequence), context));
  } else {
    out.push_back(fmt::format("The weights: {} in {} against {} of KV cache at {} tokens.",
                              format_bytes_decimal(f.weights), f.format->name,
                              format_bytes_decimal(f.kv.bytes_per_sequence), context));
  }
  if (f.weights < kSmall)
    out.emplace_back("So little that what the engine takes for itself weighs about as much.");
  if (m.geometry.moe && n.active < n.text) {
    out.push_back(fmt::format("All {} parameters have to be in memory, although a token uses {}.",
                              format_parameters(n.text), format_parameters(n.active)));
  }
  if (f.kv_layers < m.geometry.layers) {
    out.push_back(
        fmt::format("Only {} of {} layers keep a KV cache; the others hold a state of {} a "
                    "sequence, whatever its length.",
                    f.kv_layers, m.geometry.layers, format_bytes_decimal(f.kv.recurrent_bytes_per_sequence)));
  }
  if (const double part = share(n.embedding + n.head, n.total); part >= kNotable) {
    out.push_back(fmt::format("The vocabulary of {} takes {:.0f}% of the parameters.",
                              format_grouped(m.geometry.vocab_size), part * 100));
  }
  const std::int64_t towers = n.vision + n.audio + n.talker;
  if (const double part = share(towers, n.total); part >= kNotable)
    out.push_back(fmt::format("Vision, audio and speech towers take {:.0f}% of the parameters.", part * 100));
  return out;
}

void add_identity(CardFiller& card, const catalog::Model& m, const catalog::Variant* variant,
                  const std::optional<ModelFacts>& facts) {
  card.text("summary", "", m.summary);
  card.section("What it is");
  card.text("publisher", "Publisher", m.publisher);
  card.text("family", "Family", m.family);
  card.text("variant", "Variant", variant ? variant->name : "");
  card.text("model_kind", "Kind", catalog::kind_of_model(m, variant));
  card.text("modality", "Modality", m.modality);
  card.text("release_date", "Release date", m.release_date);
  card.text("license", "License", m.license);
  card.text("architecture", "Architecture", m.architecture);
  card.text("hf_id", "Hugging Face", variant ? variant->hf_id : m.hf_id);
  if (facts) {
    const model::ParameterCount& n = facts->parameters;
    const auto parameters = [&](const char* key, const char* label, std::int64_t count) {
      if (count > 0)
        card.cell(key, label,
                  Cell(fmt::format("{} ({})", format_parameters(count), format_grouped(count)), count));
    };
    parameters("parameters", "Parameters", n.total);
    parameters("active_parameters", "Active parameters", n.active);
    parameters("non_embedding_parameters", "Without embedding", n.text - n.embedding - n.head);
    parameters("mtp_parameters", "Multi-token prediction", n.mtp);
    parameters("vision_parameters", "Vision tower", n.vision);
    parameters("audio_parameters", "Audio tower", n.audio);
    parameters("talker_parameters", "Speech generator", n.talker);
  } else {
    card.text("parameters_label", "Parameters", m.parameters_label);
  }
  const std::int64_t native = variant ? variant->context_native.value_or(m.context.native) : m.context.native;
  card.count("context", "Context", native, "tokens");
  if (m.context.extended && *m.context.extended > native)
    card.count("context_extended", "Context, extended", *m.context.extended,
               m.context.method.empty() ? "tokens" : fmt::format("tokens with {}", m.context.method));
}

void add_shape(CardFiller& card, const catalog::Geometry& g, const ModelFacts& facts) {
  card.section("Architecture");
  card.text("network", "Network", kind_of_network(g));
  card.count("layers", "Layers", g.layers);
  card.count("kv_layers", "KV-bearing layers", facts.kv_layers);
  card.count("heads", "Attention heads", g.heads);
  card.count("kv_heads", "KV heads", g.kv_heads);
  card.count("head_dim", "Head dimension", g.head_dim);
  card.count("hidden_size", "Hidden size", g.hidden_size);
  card.count("intermediate_size", "MLP width", g.intermediate_size);
  if (g.moe) {
    card.count("experts", "Experts", g.moe->experts);
    card.count("experts_per_token", "Experts per token", g.moe->experts_per_token);
    card.count("expert_width", "Expert width", g.moe->expert_width);
    card.count("shared_expert_width", "Shared expert width", g.moe->shared_expert_width);
  }
  card.count("vocabulary", "Vocabulary", g.vocab_size);
  card.cell("tied_embeddings", "Tied embeddings", Cell(g.tied_embeddings ? "yes" : "no", g.tied_embeddings));
  card.list("blocks", "Made of", facts.blocks);
}

std::vector<std::string> ids_of(const std::vector<const catalog::Model*>& models) {
  std::vector<std::string> out;
  for (const catalog::Model* m : models) out.emplace_back(m->id);
  return out;
}

/// What its publisher trained, and with what it came. Base models are pretrained only, by the meaning of the
/// word.
void add_release(CardFiller& card, const catalog::Model& m, const catalog::Variant* variant,
                 const std::vector<const catalog::Model*>& family) {
  card.section("How it was released");
  const std::string_view kind = catalog::kind_of_model(m, variant);
  const bool chats = kind == "instruct" || kind == "chat" || kind == "thinking";
  card.text("training_stage", "Training",
            kind == "base" ? "pretraining"
            : chats        ? "pretraining, then post-training for conversations"
                           : "");
  if (const auto* f = catalog::official_figure(m.id, "training_tokens"))
    card.cell("training_tokens", "Trained on",
              Cell(fmt::format("{:.3g}T tokens", f->value / 1e12), f->value));
  if (const auto* f = catalog::official_figure(m.id, "output_tokens"); f && kind != "base")
    card.cell(
        "output_tokens", "Answers of up to",
        Cell(fmt::format("{} tokens ({}; {})", format_grouped(std::llround(f->value)), f->setting, f->source),
             static_cast<std::int64_t>(f->value)));
  if (family.size() > 1) card.list("family_models", "Its family", ids_of(family));
}

void add_memory(CardFiller& card, const catalog::Model& m, const ModelFacts& f) {
  card.section("What dominates its memory");
  card.list("memory", "", memory_sentences(m, f));
  const auto bytes = [&](const char* key, const char* label, Bytes value, std::string shown) {
    if (value > 0) card.cell(key, label, Cell(std::move(shown), value));
  };
  bytes("weights_bytes", "Weights", f.weights,
        fmt::format("{} in {}", format_bytes_decimal(f.weights), f.format->name));
  bytes("kv_bytes_per_token", "KV cache per token", f.kv.bytes_per_token,
        fmt::format("{} at 16 bit", units::format_bytes(f.kv.bytes_per_token)));
  bytes("kv_bytes_at_context", "KV cache, full context", f.kv.bytes_per_sequence,
        fmt::format("{} a sequence", format_bytes_decimal(f.kv.bytes_per_sequence)));
  bytes("recurrent_bytes_per_sequence", "Recurrent state", f.kv.recurrent_bytes_per_sequence,
        fmt::format("{} a sequence", format_bytes_decimal(f.kv.recurrent_bytes_per_sequence)));
}

}  // namespace

Card model_card(const catalog::Model& m, const catalog::Variant* variant,
                const std::optional<ModelFacts>& facts, const std::vector<const catalog::Model*>& family,
                const std::vector<const catalog::Model*>& derivatives,
                const std::vector<const catalog::Download*>& downloads) {
  Card card{"model", std::string(m.id), std::string(variant ? variant->name : m.name), {}};
  CardFiller fill(card, m.derived, m.unverified);
  add_identity(fill, m, variant, facts);
  if (facts) add_shape(fill, m.geometry, *facts);
  fill.section("What improved");
  fill.text("improved", "", m.improved);
  add_release(fill, m, variant, family);
  fill.section("Where it is strong");
  fill.list("strengths", "", m.strengths);
  if (facts) add_memory(fill, m, *facts);
  fill.section("Relatives and names");
  fill.list("related", "Related models", m.related);
  fill.text("base_model", "Trained from", m.base_model);
  fill.list("derivatives", "Derivatives", ids_of(derivatives));
  std::vector<std::string> variants;
  for (const catalog::Variant& v : m.variants) variants.emplace_back(v.name);
  fill.list("variants", "Variants", std::move(variants));
  fill.list("official_formats", "Official formats", m.official_formats);
  std::vector<std::string> files;
  for (const catalog::Download* d : downloads)
    files.push_back(fmt::format("{}{}", d->registry == catalog::Registry::ollama ? "ollama: " : "", d->name));
  fill.list("downloads", "GGUF files", std::move(files));
  if (facts) {
    std::vector<std::string> engines(facts->engines.begin(), facts->engines.end());
    fill.list("engines", "Runs in", std::move(engines));
  }
  fill.list("aliases", "Also called", m.aliases);
  std::vector<std::string> tags;
  for (const catalog::RegistryTag& tag : m.tags) tags.emplace_back(tag.name);
  fill.list("tags", "Registry tags", std::move(tags));
  fill.section("Sources");
  fill.list("sources", "", m.sources);
  fill.section("Derived");
  fill.list("derived", "", m.derived);
  fill.section("Unverified");
  fill.list("unverified", "", m.unverified);
  fill.section("Notes");
  fill.list("notes", "", m.notes);
  return card;
}

}  // namespace qwenfit::report
