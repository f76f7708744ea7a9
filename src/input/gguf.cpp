// GGUF: magic, version, counts, key-value pairs, tensor descriptions, then the data (ggml/docs/gguf.md).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "header_reader.hpp"

namespace qwenfit::input {
namespace {

/// enum gguf_type.
enum ValueType : std::uint64_t { kBool = 7, kString = 8, kArray = 9, kMostTypes = 13 };
constexpr std::array<int, kMostTypes> kWidths{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
constexpr std::array<bool, kMostTypes> kWhole{true, true,  true,  true, true, true, false,
                                              true, false, false, true, true, false};
constexpr std::array<bool, kMostTypes> kSigned{false, true,  false, true,  false, true, true,
                                               false, false, false, false, true,  true};

/// enum ggml_type (ggml/include/ggml.h) -> dtype of the catalog; empty where a type was removed or is never
/// stored: Q4_2, Q4_3, Q8_1, the interleaved Q4_0_N_M and IQ4_NL_N_M.
constexpr std::array<std::string_view, 43> kGgufTypes{
    "f32",   "f16",    "q4_0",  "q4_1", "",     "",        "q5_0",   "q5_1",    "q8_0",  "",       "q2_k",
    "q3_k",  "q4_k",   "q5_k",  "q6_k", "q8_k", "iq2_xxs", "iq2_xs", "iq3_xxs", "iq1_s", "iq4_nl", "iq3_s",
    "iq2_s", "iq4_xs", "i8",    "i16",  "i32",  "i64",     "f64",    "iq1_m",   "bf16",  "",       "",
    "",      "tq1_0",  "tq2_0", "",     "",     "",        "mxfp4",  "nvfp4",   "q1_0",  "q2_0"};

/// enum llama_ftype (include/llama.h); 4 to 6 and 33 to 35 were removed.
constexpr std::array<std::string_view, 42> kFileTypes{
    "F32",   "F16",     "Q4_0",      "Q4_1",   "",       "",        "",       "Q8_0",   "Q5_0",
    "Q5_1",  "Q2_K",    "Q3_K_S",    "Q3_K_M", "Q3_K_L", "Q4_K_S",  "Q4_K_M", "Q5_K_S", "Q5_K_M",
    "Q6_K",  "IQ2_XXS", "IQ2_XS",    "Q2_K_S", "IQ3_XS", "IQ3_XXS", "IQ1_S",  "IQ4_NL", "IQ3_S",
    "IQ3_M", "IQ2_S",   "IQ2_M",     "IQ4_XS", "IQ1_M",  "BF16",    "",       "",       "",
    "TQ1_0", "TQ2_0",   "MXFP4_MOE", "NVFP4",  "Q1_0",   "Q2_0"};

/// A file whose type was guessed when it was loaded carries this bit (LLAMA_FTYPE_GUESSED).
constexpr std::int64_t kGuessed = 1024;

constexpr Bytes kLongestName = 4096;
/// Hyperparameters by layer come as lists; longer ones are vocabularies.
constexpr std::int64_t kLongestList = 1024;

class GgufReader {
 public:
  GgufReader(const catalog::Catalog& catalog, std::istream& in, Bytes size, const std::string& name)
      : catalog_(catalog), reader_(in, size, name), name_(name) {}

  ModelFile read() {
    if (reader_.left() < 8 || reader_.bytes(4, "the magic") != "GGUF") bad(name_, "is no GGUF file");
    const std::uint64_t version = reader_.number(4, "the version");
    if (version >= 1U << 16 && (version & 0xffffU) == 0)
      throw Error(ErrorCode::unsupported,
                  fmt::format("{}: is a big-endian GGUF file, as s390x has them; gguf_convert_endian.py "
                              "of llama.cpp makes a little-endian one",
                              name_));
    if (version < 1 || version > 3)
      bad(name_, fmt::format("is of GGUF version {}; 1 to 3 are known", version));
    wide_ = version == 1 ? 4 : 8;
    file_.kind = "GGUF";
    file_.numbers["version"] = static_cast<std::int64_t>(version);
    const std::int64_t tensors = reader_.count(wide_, "the tensor count");
    const std::int64_t pairs = reader_.count(wide_, "the metadata count");
    for (std::int64_t i = 0; i < pairs; ++i) read_pair();
    alignment_ = file_.numbers.contains("general.alignment") ? file_.numbers["general.alignment"] : 32;
    if (alignment_ < 1 || alignment_ > units::kMiB ||
        !std::has_single_bit(static_cast<std::uint64_t>(alignment_)))
      bad(name_, fmt::format("general.alignment is {}, no power of two", alignment_));
    for (std::int64_t i = 0; i < tensors; ++i) read_tensor();
    const Bytes start = data_start();
    check_extents(file_, extents_, std::max<Bytes>(0, reader_.position() + reader_.left() - start), name_);
    return std::move(file_);
  }

 private:
  Bytes data_start() const { return (reader_.position() + alignment_ - 1) / alignment_ * alignment_; }

  std::string name(const char* what) {
    const std::int64_t length = reader_.count(wide_, what);
    if (length > kLongestName) bad(name_, fmt::format("{} has {} bytes, more than any name", what, length));
    std::string text = reader_.bytes(length, what);
    try {
      (void)nlohmann::json(text).dump();  // strict about UTF-8
    } catch (const nlohmann::json::exception&) {
      bad(name_, fmt::format("{} is not UTF-8", what));
    }
    return text;
  }

  std::uint64_t value_type() {
    const std::uint64_t type = reader_.number(4, "a metadata type");
    if (type >= kMostTypes) bad(name_, fmt::format("metadata of type {}, which GGUF does not have", type));
    return type;
  }

  void read_pair() {
    const std::string key = name("a metadata key");
    const std::uint64_t type = value_type();
    if (type == kArray) return read_array(key);
    if (type == kString) {
      if (key.starts_with("general.")) {
        const std::int64_t length = reader_.count(wide_, "a metadata string");
        if (length > kLongestName) reader_.skip(length, "a metadata string");
        else
          file_.texts[key] =
              nlohmann::json::parse(nlohmann::json(reader_.bytes(length, "a metadata string"))
                                        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
                  .get<std::string>();
        return;
      }
      return reader_.skip(reader_.count(wide_, "a metadata string"), "a metadata string");
    }
    if (const auto value = whole(type)) file_.numbers[key] = *value;
  }

  /// A value that is a sensible count; nothing for others, which are read all the same.
  std::optional<std::int64_t> whole(std::uint64_t type) {
    const std::uint64_t value = reader_.number(kWidths[type], "a metadata value");
    const bool negative = kSigned[type] && (value >> (8 * kWidths[type] - 1) & 1) != 0;
    if (!kWhole[type] || negative || value > static_cast<std::uint64_t>(units::kMaxCount))
      return std::nullopt;
    return static_cast<std::int64_t>(value);
  }

  void read_array(const std::string& key) {
    const std::uint64_t type = value_type();
    if (type == kArray) bad(name_, "metadata holds an array of arrays, which llama.cpp does not read");
    const std::int64_t count = reader_.count(wide_, "an array's length");
    if (type != kString && kWhole[type] && count <= kLongestList) {
      for (std::int64_t i = 0; i < count; ++i) {
        if (const auto value = whole(type)) file_.numbers[key] = std::max(file_.numbers[key], *value);
      }
      return;
    }
    if (type != kString) {
      const auto bytes = product(count, kWidths[type]);
      if (!bytes) bad(name_, fmt::format("an array of {} values, beyond any file", count));
      return reader_.skip(*bytes, "a metadata array");
    }
    for (std::int64_t i = 0; i < count; ++i)
      reader_.skip(reader_.count(wide_, "a string's length"), "a string of a metadata array");
  }

  void read_tensor() {
    FileTensor tensor;
    tensor.name = name("a tensor's name");
    const std::uint64_t dims = reader_.number(4, "a tensor's dimensions");
    if (dims > 4) bad(name_, fmt::format("tensor '{}' has {} dimensions, ggml has 4", tensor.name, dims));
    std::optional<std::int64_t> elements = 1;
    for (std::uint64_t d = 0; d < dims; ++d) {
      tensor.shape.push_back(reader_.count(wide_, "a tensor's shape"));
      elements = product(*elements, tensor.shape.back());
      if (!elements) bad(name_, fmt::format("tensor '{}' is larger than any file", tensor.name));
    }
    const std::uint64_t type = reader_.number(4, "a tensor's type");
    const catalog::DType* dtype =
        type < kGgufTypes.size() && !kGgufTypes[type].empty() ? catalog_.dtype(kGgufTypes[type]) : nullptr;
    if (!dtype)
      bad(name_, fmt::format("tensor '{}' has ggml type {}, which is not known", tensor.name, type));
    const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.front();
    if (row % dtype->block != 0)
      bad(name_,
          fmt::format("tensor '{}' has rows of {}, no whole blocks of {}", tensor.name, row, dtype->id));
    const auto bytes = product(*elements / dtype->block, dtype->bytes);
    const std::int64_t offset = reader_.count(8, "a tensor's offset");
    if (!bytes) bad(name_, fmt::format("tensor '{}' is larger than any file", tensor.name));
    if (offset % alignment_ != 0)
      bad(name_, fmt::format("tensor '{}' is not aligned to {}", tensor.name, alignment_));
    tensor.type = std::string(dtype->id);
    tensor.elements = *elements;
    tensor.bytes = *bytes;
    extents_.push_back({offset, offset + *bytes, file_.tensors.size()});
    file_.tensors.push_back(std::move(tensor));
  }

  const catalog::Catalog& catalog_;
  HeaderReader reader_;
  const std::string& name_;
  ModelFile file_;
  std::vector<Extent> extents_;
  int wide_ = 8;  ///< bytes of counts and lengths: 4 in version 1
  std::int64_t alignment_ = 32;
};

}  // namespace

ModelFile read_gguf(const catalog::Catalog& catalog, std::istream& in, Bytes size, const std::string& name) {
  return GgufReader(catalog, in, size, name).read();
}

std::string gguf_file_type(std::int64_t file_type) {
  file_type &= ~kGuessed;
  if (file_type < 0 || file_type >= std::ssize(kFileTypes)) return "";
  return std::string(kFileTypes[static_cast<std::size_t>(file_type)]);
}

}  // namespace qwenfit::input
