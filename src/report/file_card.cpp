#include "file_card.hpp"

#include <fmt/format.h>

#include <map>

#include "qwenfit/model.hpp"

namespace qwenfit::report {
namespace {

struct TypeSum {
  std::int64_t tensors = 0, elements = 0, bytes = 0;
};

void add_model(CardFiller& fill, const input::LocalModel& local) {
  const model::ParameterCount count =
      model::count_parameters(model::build_inventory(local.model, model::Layout::checkpoint));
  fill.section("Model");
  fill.text("model", "Model", local.model.id);
  if (local.like && local.like->id != local.model.id) fill.text("like", "Has the shape of", local.like->id);
  fill.cell("parameters", "Parameters", {units::format_parameters(count.total), count.total});
  if (local.model.context.native > 0) fill.count("context_native", "Context", local.model.context.native);
  if (!local.format.id.empty()) {
    fill.text("format", "Format", local.format.id);
    fill.text("format_name", "Weights", local.format.name);
  }
  if (!local.added.empty()) {
    Bytes added = 0;
    for (const input::AddedBytes& a : local.added) added += a.bytes;
    fill.cell("added_bytes", "Adapter adds", {units::format_bytes(added), added});
  }
  std::vector<std::string> differences = local.differences;
  if (!local.like) differences.insert(differences.begin(), "the catalog has no model of this shape");
  else if (differences.empty()) differences.emplace_back("none from the catalog's model");
  fill.list("differences", "Differences", differences);
}

}  // namespace

Card file_card(const std::string& path, const input::ModelFile& file, const input::LocalModel* model,
               const std::string& why_not) {
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
                {fmt::format("{} in {} {}, {} values", units::format_bytes(sum.bytes), sum.tensors,
                             sum.tensors == 1 ? "tensor" : "tensors", units::format_parameters(sum.elements)),
                 sum.bytes});
  }
  if (model) add_model(fill, *model);
  else {
    fill.section("Model");
    fill.text("why_not", "No estimate", why_not);
  }
  return card;
}

}  // namespace qwenfit::report
