// Which repository or file holds a model in a format.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"
#include "text.hpp"
#include "writer.hpp"

namespace qwenfit::plan {
namespace {

using catalog::Registry;
using catalog::Scheme;

/// Where the model stands on Hugging Face: the variant that was named, else the record's.
std::string_view repository(const engine::Setup& setup) {
  return setup.variant && !setup.variant->hf_id.empty() ? setup.variant->hf_id : setup.model->hf_id;
}

/// What Qwen's own repositories of quantized weights end in.
std::string suffix_of(const catalog::WeightFormat& format) {
  static constexpr std::pair<std::string_view, std::string_view> kSuffixes[] = {{"fp8", "FP8"},
                                                                                {"awq-int4", "AWQ"},
                                                                                {"gptq-int4", "GPTQ-Int4"},
                                                                                {"gptq-int8", "GPTQ-Int8"},
                                                                                {"mlx-4bit", "MLX-4bit"}};
  for (const auto& [id, suffix] : kSuffixes) {
    if (format.id == id) return std::string(suffix);
  }
  return std::string(format.id);
}

/// The publisher's own repository of this format, by the catalog.
std::string official_repository(const engine::Setup& setup, const catalog::WeightFormat& format) {
  const std::string plain(repository(setup));
  const std::string prefix = std::string(format.id) + "-";
  for (const catalog::PublishedCount& count : setup.model->published_counts) {
    if (count.of.starts_with(prefix) && count.repo.starts_with(plain)) return std::string(count.repo);
  }
  const auto& formats = setup.model->official_formats;
  if (std::find(formats.begin(), formats.end(), format.id) == formats.end()) return "";
  return plain + "-" + suffix_of(format);
}

/// "owner/repo" or "owner/repo:tag", as Hugging Face and Ollama write them.
bool is_repository(const std::string& name) {
  return std::count(name.begin(), name.end(), '/') == 1 && name.find("://") == std::string::npos &&
         name.front() != '/' && name.front() != '.' && name.front() != '~' && !lower(name).ends_with(".gguf");
}

/// "q4_k_m" as tags of Ollama's registry spell it: "q4_K_M".
std::string ollama_word(catalog::Text format) {
  if (format == "f16") return "fp16";
  std::string out(format);
  for (std::size_t i = std::min(out.find('_'), out.size()); i < out.size(); ++i)
    out[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[i])));
  return out;
}

/// Where the catalog knows this GGUF file to be; empty: nowhere.
std::string download_of(const engine::Setup& setup, const catalog::WeightFormat& format, Registry registry) {
  for (const catalog::Download* d : setup.catalog->downloads()) {
    if (d->registry != registry || d->of != repository(setup) ||
        std::find(d->formats.begin(), d->formats.end(), format.id) == d->formats.end())
      continue;
    if (registry == Registry::ollama) return fmt::format("{}-{}", d->name, ollama_word(format.id));
    // The tag is looked for in names of files: Qwen's own have "fp16", those of others "F16".
    const bool f16 = format.id == "f16" && !d->name.starts_with("Qwen/");
    return fmt::format("{}:{}", d->name, f16 ? "F16" : format.name);
  }
  return "";
}

ServedModel gguf(const Scenario& asked, const Estimate& e, const catalog::WeightFormat& format) {
  ServedModel out;
  const bool ollama = e.setup.engine->id == "ollama";
  if (is_repository(asked.model) && contains_folded(asked.model, "gguf")) {
    out.name = asked.model.substr(0, asked.model.find(':')) + ":" + std::string(format.name);
    if (ollama) out.name.insert(0, "hf.co/");
    return out;
  }
  // A tag of Ollama's registry that says the format, or means its own.
  if (ollama && asked.model.find(':') != std::string::npos && !asked.format) {
    out.name = asked.model;
    return out;
  }
  out.name = download_of(e.setup, format, ollama ? Registry::ollama : Registry::hugging_face);
  if (out.name.empty() && ollama) {
    const std::string repository = download_of(e.setup, format, Registry::hugging_face);
    if (!repository.empty()) out.name = "hf.co/" + repository;
  }
  if (!out.name.empty()) return out;
  out.is_file = true;
  out.name = fmt::format("{}{}-{}.gguf", ollama ? "./" : "", base_name(repository(e.setup)), format.name);
  out.note = fmt::format("{} is the GGUF file of {} in {}: the catalog knows no repository of it",
                         base_name(out.name), repository(e.setup), format.name);
  return out;
}

/// Formats that an engine makes of the 16-bit checkpoint as it loads it, and the word for it.
std::string online_quantization(std::string_view engine, const catalog::WeightFormat& format) {
  if (engine != "vllm" && engine != "sglang") return "";
  if (format.scheme == Scheme::fp8_tensor || format.scheme == Scheme::fp8_block) return "fp8";
  if (format.scheme == Scheme::bnb_nf4) return "bitsandbytes";
  return "";
}

/// What is made of the 16-bit checkpoint `source`, a repository or a folder, as it is loaded or before.
ServedModel converted(ServedModel source, std::string_view engine, const catalog::WeightFormat& format) {
  if (format.scheme == Scheme::plain) return source;
  source.quantization = online_quantization(engine, format);
  if (!source.quantization.empty()) return source;
  ServedModel out;
  out.is_file = true;
  out.name = fmt::format("./{}-{}", base_name(source.name), suffix_of(format));
  if (format.scheme == Scheme::mlx && format.group_size > 0) {
    out.note =
        fmt::format("made with: mlx_lm.convert --hf-path {} --mlx-path {} -q --q-bits {} --q-group-size {}",
                    source.name, out.name, static_cast<int>(format.bits), format.group_size);
  } else {
    out.note = fmt::format("{} is a folder with {} in {}{}", out.name, source.name, format.name,
                           source.is_file ? "" : ": the catalog knows no repository of it");
  }
  return out;
}

ServedModel checkpoint(const Scenario& asked, const Estimate& e, const catalog::WeightFormat& format) {
  ServedModel plain;
  plain.name = std::string(repository(e.setup));
  if (format.scheme == Scheme::plain) return plain;
  ServedModel out;
  if (out.name = official_repository(e.setup, format); !out.name.empty()) return out;
  // The name as it was given says the format itself.
  if (is_repository(asked.model) && !asked.format) {
    out.name = asked.model;
    return out;
  }
  return converted(std::move(plain), e.setup.engine->id, format);
}

/// A GGUF file made of what lies at `source`, a folder or another GGUF file.
ServedModel made_gguf(const std::string& source, bool of_gguf, const catalog::WeightFormat& format) {
  ServedModel out;
  out.is_file = true;
  const std::filesystem::path path = std::filesystem::weakly_canonical(source);
  const std::string stem = (of_gguf ? path.stem() : path.filename()).string();
  out.name = fmt::format("./{}-{}.gguf", stem, format.name);
  if (format.scheme == Scheme::ggml_recipe)
    out.note = fmt::format("{} is a GGUF file of {} in {}", out.name, source, format.name);
  else if (of_gguf)
    out.note =
        fmt::format("made with: llama-quantize --allow-requantize {} {} {}", source, out.name, format.name);
  else if (format.scheme == Scheme::plain)
    out.note = fmt::format("made with: convert_hf_to_gguf.py {} --outfile {} --outtype {}", source, out.name,
                           format.id);
  else
    out.note = fmt::format(
        "made with: convert_hf_to_gguf.py {} --outfile ./{}-BF16.gguf --outtype bf16, then "
        "llama-quantize ./{}-BF16.gguf {} {}",
        source, stem, stem, out.name, format.name);
  return out;
}

/// Of a path of this machine: the file or folder that the engine itself takes.
ServedModel local_model(const std::string& path, const Estimate& e) {
  const engine::Setup& setup = e.setup;
  const auto local = input::open_model(*setup.catalog, path);
  if (local->file.kind == "adapter" || !local->added.empty())
    throw Error(ErrorCode::unsupported,
                fmt::format("model: {} brings an adapter: merge it into its model, and name that", path));
  const catalog::WeightFormat& format = *setup.weights->format;
  const bool of_gguf = local->file.kind == "GGUF";
  const bool same = local->format.id == format.id;
  const std::filesystem::path folder =
      std::filesystem::path(of_gguf ? "" : local->file.files.back()).parent_path();
  const std::string source = of_gguf ? local->file.files.front() : folder.empty() ? "." : folder.string();
  ServedModel out;
  out.is_file = out.is_there = true;
  out.name = source;
  if (setup.weights->layout == model::Layout::gguf)
    return of_gguf && same ? out : made_gguf(source, of_gguf, format);
  if (!of_gguf) return same ? out : converted(std::move(out), setup.engine->id, format);
  throw Error(ErrorCode::unsupported,
              fmt::format("model: {} is a GGUF file, and {} starts from a checkpoint: name its folder", path,
                          setup.engine->name));
}

}  // namespace

ServedModel served_model(const Scenario& asked, const Estimate& e) {
  if (input::is_path(*e.setup.catalog, asked.model)) return local_model(asked.model, e);
  if (asked.model.ends_with(".gguf")) return {asked.model, true, false, {}, {}};
  const catalog::WeightFormat& format = *e.setup.weights->format;
  const auto& schemes = e.setup.engine->schemes;
  const bool takes_gguf = std::find(schemes.begin(), schemes.end(), "ggml") != schemes.end();
  return takes_gguf ? gguf(asked, e, format) : checkpoint(asked, e, format);
}

}  // namespace qwenfit::plan
