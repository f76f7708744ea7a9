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

/// Takes a header's tensors as they are parsed: large models have tens of thousands, and a tree of all would
/// take most of the time.
class HeaderEvents : public nlohmann::json_sax<json> {
 public:
  HeaderEvents(ModelFile& file, std::vector<Extent>& extents, const std::string& path)
      : file_(file), extents_(extents), path_(path) {}

  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(number_integer_t) override { return other(); }
  bool number_float(number_float_t, const string_t&) override { return other(); }
  bool binary(binary_t&) override { return other(); }
  bool number_unsigned(number_unsigned_t value) override {
    if (!list_ || depth_ != 3) return other();
    if (value > static_cast<std::uint64_t>(units::kMaxCount)) no_count();
    list_->push_back(static_cast<std::int64_t>(value));
    return true;
  }
  bool string(string_t& value) override {
    if (depth_ != 2 || field_ != Field::dtype) return other();
    dtype_ = value;
    return true;
  }
  bool start_object(std::size_t) override {
    if (depth_ >= 2) other();
    ++depth_;
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) {
      name_ = name;
      dtype_.clear();
      shape_.reset();
      offsets_.reset();
      field_ = Field::other;
    } else if (depth_ == 2) {
      field_ = name == "dtype"          ? Field::dtype
               : name == "shape"        ? Field::shape
               : name == "data_offsets" ? Field::offsets
                                        : Field::other;
    }
    return true;
  }
  bool end_object() override {
    if (--depth_ == 1 && name_ != "__metadata__") add();
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ == 2 && field_ == Field::shape) list_ = &shape_.emplace();
    else if (depth_ == 2 && field_ == Field::offsets) list_ = &offsets_.emplace();
    else other();
    ++depth_;
    return depth_ > 1;  // the header is an object
  }
  bool end_array() override {
    if (--depth_ == 2) list_ = nullptr;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override { return false; }

 private:
  enum class Field : std::uint8_t { dtype, shape, offsets, other };

  /// A value that is none of a tensor's. @return whether it may stand there
  bool other() {
    if (depth_ == 0) return false;
    if (name_ == "__metadata__") return true;
    if (list_) no_count();
    if (depth_ == 1) lacks();
    return true;
  }
  [[noreturn]] void lacks() const {
    bad(path_, fmt::format("tensor '{}' lacks dtype, shape or data_offsets", name_));
  }
  [[noreturn]] void no_count() const {
    bad(path_, fmt::format("{} of tensor '{}' is no sensible count",
                           field_ == Field::shape ? "the shape" : "an offset", name_));
  }

  void add() {
    if (dtype_.empty() || !shape_ || !offsets_ || offsets_->size() != 2) lacks();
    const auto type =
        std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeBits& t) { return t.name == dtype_; });
    if (type == kTypes.end())
      bad(path_, fmt::format("tensor '{}' has dtype '{}', which is not known", name_, dtype_));
    FileTensor tensor{name_, std::string(type->id), std::move(*shape_), 1, 0};
    for (const std::int64_t size : tensor.shape) {
      const auto elements = product(tensor.elements, size);
      if (!elements) bad(path_, fmt::format("tensor '{}' is larger than any file", name_));
      tensor.elements = *elements;
    }
    const auto bits = product(tensor.elements, type->bits);
    if (!bits) bad(path_, fmt::format("tensor '{}' is larger than any file", name_));
    const std::int64_t begin = (*offsets_)[0];
    const std::int64_t end = (*offsets_)[1];
    tensor.bytes = *bits / 8;
    if (end < begin || end - begin != tensor.bytes || *bits % 8 != 0)
      bad(path_, fmt::format("tensor '{}' takes bytes {} to {}, its shape takes {}", name_, begin, end,
                             tensor.bytes));
    extents_.push_back({begin, end, file_.tensors.size()});
    file_.tensors.push_back(std::move(tensor));
  }

  ModelFile& file_;
  std::vector<Extent>& extents_;
  const std::string& path_;
  int depth_ = 0;
  Field field_ = Field::other;
  std::string name_, dtype_;  ///< of the tensor
  std::optional<std::vector<std::int64_t>> shape_, offsets_;
  std::vector<std::int64_t>* list_ = nullptr;  ///< of these the one that is read
};

}  // namespace

ModelFile read_safetensors(std::istream& in, Bytes size, const std::string& name) {
  HeaderReader reader(in, size, name);
  const Bytes length = reader.count(8, "the header's length");
  if (length > kLongestHeader)
    bad(name, fmt::format("has a header of {} bytes; safetensors allows {}", length, kLongestHeader));
  ModelFile file;
  file.kind = "safetensors";
  std::vector<Extent> extents;
  HeaderEvents events(file, extents, name);
  if (!json::sax_parse(reader.bytes(length, "the header"), &events))
    bad(name, "is no safetensors file: its header is no JSON object");
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
