#include "file_card.hpp"

#include <fmt/format.h>

#include <map>

namespace qwenfit::report {
namespace {

struct TypeSum {
  std::int64_t tensors = 0, elements = 0, bytes = 0;
};

}  // namespace

Card file_card(const std::string& path, const input::ModelFile& file, const input::Comparison& comparison) {
  Card card{"file", path, path, {}};
  CardFiller fill(card, {}, {});
  fill.section("");
  fill.text("file_kind", "Kind", file.kind);
  fill.list("files", "Files", file.files);
  for (const auto& [key, label] : {std::pair{"general.name", "Name"},
                                   {"general.architecture", "Architecture"},
                                   {"model_type", "Model type"},
                                   {"quant_method", "Quantized by"}}) {
    if (const auto it = file.texts.find(key); it != file.texts.end()) fill.text(key, label, it->second);
  }
  if (const auto it = file.numbers.find("general.file_type"); it != file.numbers.end())
    fill.text("general.file_type", "File type", input::gguf_file_type(it->second));
  if (!file.tensors.empty()) {
    fill.section("Tensors");
    fill.count("tensors", "Tensors", std::ssize(file.tensors));
    fill.count("elements", "Values", file.elements());
    fill.cell("tensor_bytes", "Size", {units::format_bytes(file.tensor_bytes()), file.tensor_bytes()});
    if (file.header_only) fill.text("data", "Data", "not there: the header only");
    std::map<std::string, TypeSum> types;
    for (const input::FileTensor& t : file.tensors) {
      TypeSum& sum = types[t.type];
      ++sum.tensors;
      sum.elements += t.elements;
      sum.bytes += t.bytes;
    }
    fill.section("By type");
    for (const auto& [type, sum] : types)
      fill.cell(type + "_bytes", type,
                {fmt::format("{} in {} tensors, {} values", units::format_bytes(sum.bytes), sum.tensors,
                             units::format_parameters(sum.elements)),
                 sum.bytes});
  }
  if (comparison.model && comparison.format) {
    fill.section("Against the catalog");
    fill.text("model", "Model", comparison.model->id);
    fill.text("format", "Format", comparison.format->id);
    if (comparison.differences.empty()) fill.text("differences", "Differences", "none");
    else fill.list("differences", "Differences", comparison.differences);
  }
  return card;
}

}  // namespace qwenfit::report
