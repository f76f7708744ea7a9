// safetensors: the length of a JSON header, the header, the data (README of huggingface/safetensors).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "header_reader.hpp"

namespace qwenfit::input {
namespace {

using nlohmann::json;

/// The format's own limit of a header.
constexpr Bytes kLongestHeader = 100'000'000;

struct TypeBits {
  std::string_view name;
  std::string_view id;
  int bits;
};
constexpr std::array kTypes{TypeBits{"F64", "f64", 64},
                            TypeBits{"F32", "f32", 32},
                            TypeBits{"F16", "f16", 16},
                            TypeBits{"BF16", "bf16", 16},
                            TypeBits{"F8_E4M3", "f8_e4m3", 8},
                            TypeBits{"F8_E5M2", "f8_e5m2", 8},
                            TypeBits{"F8_E8M0", "f8_e8m0", 8},
                            TypeBits{"F8_E4M3FNUZ", "f8_e4m3", 8},
                            TypeBits{"F8_E5M2FNUZ", "f8_e5m2", 8},
                            TypeBits{"F6_E2M3", "f6_e2m3", 6},
                            TypeBits{"F6_E3M2", "f6_e3m2", 6},
                            TypeBits{"F4", "f4", 4},
                            TypeBits{"C64", "c64", 64},
                            TypeBits{"I64", "i64", 64},
                            TypeBits{"I32", "i32", 32},
                            TypeBits{"I16", "i16", 16},
                            TypeBits{"I8", "i8", 8},
                            TypeBits{"U64", "u64", 64},
                            TypeBits{"U32", "u32", 32},
                            TypeBits{"U16", "u16", 16},
                            TypeBits{"U8", "u8", 8},
                            TypeBits{"BOOL", "bool", 8}};

std::int64_t whole(const json& value, const std::string& file, const std::string& tensor, const char* what) {
  if (!value.is_number_unsigned() ||
      value.get<std::uint64_t>() > static_cast<std::uint64_t>(units::kMaxCount))
    bad(file, fmt::format("{} of tensor '{}' is no sensible count", what, tensor));
  return value.get<std::int64_t>();
}

void read_tensor(ModelFile& file, std::vector<Extent>& extents, const std::string& name, const json& entry,
                 const std::string& path) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
      !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
      !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2)
    bad(path, fmt::format("tensor '{}' lacks dtype, shape or data_offsets", name));
  const std::string dtype = entry["dtype"].get<std::string>();
  const TypeBits* type = nullptr;
  for (const TypeBits& t : kTypes) {
    if (t.name == dtype) type = &t;
  }
  if (!type) bad(path, fmt::format("tensor '{}' has dtype '{}', which is not known", name, dtype));
  FileTensor tensor{name, std::string(type->id), {}, 1, 0};
  for (const json& d : entry["shape"]) {
    tensor.shape.push_back(whole(d, path, name, "the shape"));
    const auto elements = product(tensor.elements, tensor.shape.back());
    if (!elements) bad(path, fmt::format("tensor '{}' is larger than any file", name));
    tensor.elements = *elements;
  }
  const auto bits = product(tensor.elements, type->bits);
  if (!bits) bad(path, fmt::format("tensor '{}' is larger than any file", name));
  const std::int64_t begin = whole(entry["data_offsets"][0], path, name, "an offset");
  const std::int64_t end = whole(entry["data_offsets"][1], path, name, "an offset");
  tensor.bytes = *bits / 8;
  if (end < begin || end - begin != tensor.bytes || *bits % 8 != 0)
    bad(path,
        fmt::format("tensor '{}' takes bytes {} to {}, its shape takes {}", name, begin, end, tensor.bytes));
  extents.push_back({begin, end, file.tensors.size()});
  file.tensors.push_back(std::move(tensor));
}

}  // namespace

ModelFile read_safetensors(std::istream& in, Bytes size, const std::string& name) {
  HeaderReader reader(in, size, name);
  const Bytes length = reader.count(8, "the header's length");
  if (length > kLongestHeader)
    bad(name, fmt::format("has a header of {} bytes; safetensors allows {}", length, kLongestHeader));
  const json header = json::parse(reader.bytes(length, "the header"), nullptr, false);
  if (!header.is_object()) bad(name, "is no safetensors file: its header is no JSON object");
  ModelFile file;
  file.kind = "safetensors";
  std::vector<Extent> extents;
  for (const auto& [key, entry] : header.items()) {
    if (key != "__metadata__") read_tensor(file, extents, key, entry, name);
  }
  Bytes last = 0;
  for (const Extent& e : extents) last = std::max(last, e.end);
  check_extents(file, std::move(extents), reader.left(), name);
  // As the library has it: every byte of the data belongs to a tensor.
  const Bytes end = file.tensor_bytes();
  if (last != end || (!file.header_only && reader.left() != end))
    bad(name, fmt::format("has tensors of {} bytes in data of {}: some of it belongs to none", end,
                          std::max(last, reader.left())));
  return file;
}

}  // namespace qwenfit::input
