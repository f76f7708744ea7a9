// Build-time tool: data/*.json -> one C++ file of constant arrays.
//   qwenfit-bake DATA_DIR OUTPUT.cpp DATE
// Fails, with the sentence of every problem, when the data contradicts itself.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <sstream>

#include "bake_tool.hpp"
#include "check.hpp"
#include "fields.hpp"
#include "qwenfit/error.hpp"
#include "records.hpp"

namespace qwenfit::catalog {
namespace {

template <class T>
constexpr std::string_view type_name();
#define QWENFIT_NAMED(T)                      \
  template <>                                 \
  constexpr std::string_view type_name<T>() { \
    return #T;                                \
  }
QWENFIT_NAMED(Moe)
QWENFIT_NAMED(LinearAttention)
QWENFIT_NAMED(Vision)
QWENFIT_NAMED(Audio)
QWENFIT_NAMED(Talker)
QWENFIT_NAMED(Qwen4Exp)
QWENFIT_NAMED(Rope)
QWENFIT_NAMED(PublishedCount)
QWENFIT_NAMED(QuantizedFile)
QWENFIT_NAMED(Variant)
QWENFIT_NAMED(RegistryTag)
QWENFIT_NAMED(MeasuredBandwidth)
QWENFIT_NAMED(Price)
QWENFIT_NAMED(MigProfile)
QWENFIT_NAMED(WorkingSet)
QWENFIT_NAMED(EngineVersion)
QWENFIT_NAMED(Introduction)
QWENFIT_NAMED(Feature)
QWENFIT_NAMED(Constant)
QWENFIT_NAMED(Text)
QWENFIT_NAMED(Model)
QWENFIT_NAMED(DType)
QWENFIT_NAMED(WeightFormat)
QWENFIT_NAMED(Device)
QWENFIT_NAMED(Engine)
QWENFIT_NAMED(MixRatio)
QWENFIT_NAMED(PublishedFile)
QWENFIT_NAMED(Download)
QWENFIT_NAMED(QualityScore)
QWENFIT_NAMED(QualityTable)
#undef QWENFIT_NAMED
template <>
constexpr std::string_view type_name<std::int32_t>() {
  return "std::int32_t";
}

/// Writes values as C++ initialisers; lists become named arrays ahead of the record that holds them.
class Emitter {
 public:
  template <class T>
  std::string value(const T& v) {
    if constexpr (requires { v.has_value(); }) {
      return v ? fmt::format("{}", optional_value(*v)) : "std::nullopt";
    } else if constexpr (requires {
                           v.first;
                           v.count;
                         }) {
      return list(v);
    } else if constexpr (std::is_same_v<T, Text>) {
      return literal(v);
    } else if constexpr (std::is_same_v<T, bool>) {
      return v ? "true" : "false";
    } else if constexpr (std::is_enum_v<T>) {
      return fmt::format("static_cast<{}>({})", enum_type(v), static_cast<int>(v));
    } else if constexpr (std::is_floating_point_v<T>) {
      return fmt::format("{:#}", v);
    } else if constexpr (std::is_integral_v<T>) {
      return fmt::format("{}", v);
    } else {
      std::string out = "{";
      auto visit = [&](const char*, const auto& member, Need) { out += value(member) + ","; };
      fields(visit, v);
      return out + "}";
    }
  }

  template <class T>
  void array(std::string_view name, const std::vector<T>& items) {
    std::string body;
    for (const T& item : items) body += "  " + value(item) + ",\n";
    out_ << arrays_.str();
    arrays_.str("");
    if (items.empty()) {
      out_ << fmt::format("const std::span<const {}> {};\n", type_name<T>(), name);
      return;
    }
    out_ << fmt::format("static constexpr {} k_{}[] = {{\n{}}};\nconst std::span<const {}> {}(k_{});\n\n",
                        type_name<T>(), name, body, type_name<T>(), name, name);
  }

  std::ostream& out() { return out_; }
  std::string text() const { return out_.str(); }

 private:
  template <class T>
  std::string optional_value(const T& v) {
    if constexpr (std::is_class_v<T>) return fmt::format("{}{}", type_name<T>(), value(v));
    else return value(v);
  }

  template <class T>
  std::string list(const List<T>& items) {
    if (items.empty()) return "{}";
    std::string body;
    for (const T& item : items) body += value(item) + ",";
    const std::string name = fmt::format("list_{}", ++lists_);
    arrays_ << fmt::format("static constexpr {} {}[] = {{{}}};\n", type_name<T>(), name, body);
    return fmt::format("{{{}, {}}}", name, items.size());
  }

  static std::string_view enum_type(Arch) { return "Arch"; }
  static std::string_view enum_type(VisionKind) { return "VisionKind"; }
  static std::string_view enum_type(AudioKind) { return "AudioKind"; }
  static std::string_view enum_type(Scheme) { return "Scheme"; }
  static std::string_view enum_type(Vendor) { return "Vendor"; }
  static std::string_view enum_type(Registry) { return "Registry"; }
  static std::string_view enum_type(DeviceClass) { return "DeviceClass"; }

  std::ostringstream out_;
  std::ostringstream arrays_;
  int lists_ = 0;
};

int bake(const std::string& data_dir, const std::string& output, const std::string& date) {
  Arena arena;
  Records records;
  Origins origins;
  for (const char* folder : {"models", "devices", "formats", "engines", "quality", "downloads"}) {
    read_files(data_dir + "/" + folder, records, arena, origins);
  }
  const std::vector<NameEntry> index = build_index(records, arena);
  const Proof proof = check(records, index);
  for (const Problem& p : proof.problems)
    fmt::print(stderr, "catalog: {}: {}: {}\n", origins[p.record], p.record, p.text);
  if (!proof.problems.empty()) return 1;

  Emitter emit;
  emit.out() << "// Made by qwenfit-bake from data/. Do not edit.\n#include \"catalog/baked.hpp\"\n\n"
                "namespace qwenfit::catalog::baked {\nusing namespace std::string_view_literals;\n\n";
  emit.array("models", records.models);
  emit.array("dtypes", records.dtypes);
  emit.array("formats", records.formats);
  emit.array("devices", records.devices);
  emit.array("engines", records.engines);
  emit.array("published_files", records.published_files);
  emit.array("downloads", records.downloads);
  emit.array("quality_tables", records.quality_tables);
  emit.out() << "static constexpr NameEntry k_names[] = {\n";
  for (const NameEntry& e : index) {
    emit.out() << fmt::format("  {{NameKind{{{}}}, {}, {}, {}}},\n", static_cast<int>(e.kind),
                              literal(e.name), e.record, e.variant);
  }
  emit.out() << "};\nconst std::span<const NameEntry> names(k_names);\n";
  emit.out() << fmt::format("const std::string_view date = {};\n}}  // namespace qwenfit::catalog::baked\n",
                            literal(date));

  write_source(output, emit.text());
  return 0;
}

}  // namespace
}  // namespace qwenfit::catalog

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: qwenfit-bake DATA_DIR OUTPUT.cpp DATE\n", stderr);
    return 2;
  }
  try {
    return qwenfit::catalog::bake(argv[1], argv[2], argv[3]);
  } catch (const qwenfit::Error& e) {
    fmt::print(stderr, "catalog: {}\n", e.what());
    return 1;
  }
}
