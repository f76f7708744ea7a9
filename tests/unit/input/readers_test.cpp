// Headers as the formats' own documents lay them out, whole and damaged.
#include <fmt/format.h>

#include <cstring>
#include <sstream>

#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"

namespace qwenfit::input {
namespace {

template <class T>
std::string raw(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}
std::string text(const std::string& s) {
  return raw<std::uint64_t>(s.size()) + s;
}
std::string tensor(const std::string& name, std::uint64_t row, std::uint32_t type, std::uint64_t offset) {
  return text(name) + raw<std::uint32_t>(1) + raw(row) + raw(type) + raw(offset);
}
std::string pairs() {
  return text("general.name") + raw<std::uint32_t>(8) + text("Qwen3 8B") + text("general.file_type") +
         raw<std::uint32_t>(4) + raw<std::uint32_t>(15) + text("tokens") + raw<std::uint32_t>(9) +
         raw<std::uint32_t>(8) + raw<std::uint64_t>(2) + text("a") + text("b");
}
std::string head(std::uint64_t tensors, std::uint64_t count = 3, std::uint32_t version = 3) {
  return "GGUF" + raw(version) + raw(tensors) + raw(count);
}
/// Two tensors: 256 values of q4_k (144 bytes), 32 of f32 (128).
std::string whole() {
  std::string s = head(2) + pairs() + tensor("a", 256, 12, 0) + tensor("b", 32, 0, 160);
  s.resize((s.size() + 31) / 32 * 32, '\0');
  return s + std::string(288, 'x');
}

ModelFile gguf(const std::string& bytes) {
  std::istringstream in(bytes);
  return read_gguf(catalog::Catalog::builtin(), in, static_cast<Bytes>(bytes.size()), "x.gguf");
}
ModelFile safetensors(const std::string& json, std::size_t data) {
  const std::string bytes = raw<std::uint64_t>(json.size()) + json + std::string(data, 'x');
  std::istringstream in(bytes);
  return read_safetensors(in, static_cast<Bytes>(bytes.size()), "x.safetensors");
}
template <class F>
std::string failure(F&& read) {
  try {
    read();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a GGUF header gives types, bytes and metadata") {
  const ModelFile file = gguf(whole());
  REQUIRE(file.tensors.size() == 2);
  CHECK(file.tensors[0].type == "q4_k");
  CHECK(file.tensors[0].bytes == 144);
  CHECK(file.tensor_bytes() == 272);
  CHECK(file.elements() == 288);
  CHECK_FALSE(file.header_only);
  CHECK(file.texts.at("general.name") == "Qwen3 8B");
  CHECK(gguf_file_type(file.numbers.at("general.file_type")) == "Q4_K_M");
}

TEST_CASE("a GGUF file that ends anywhere is refused, or is a header only") {
  const std::string bytes = whole();
  const std::size_t header = bytes.size() - 288;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    if (n == bytes.size() - 288 || (n > header - 32 && n < header)) continue;  // padding: no data yet
    const bool refused = !failure([&] { gguf(bytes.substr(0, n)); }).empty();
    CHECK(refused == (n < header || n < header + 288));
  }
  CHECK(gguf(bytes.substr(0, header)).header_only);
}

TEST_CASE("GGUF headers that lie are refused") {
  const auto says = [](const std::string& bytes) { return failure([&] { gguf(bytes); }); };
  CHECK(says("GGUX" + std::string(40, '\0')) == "x.gguf: is no GGUF file");
  CHECK_THAT(says(head(0, 0, 0x03000000)), ContainsText("big-endian"));
  CHECK_THAT(says(head(0, 0, 9)), ContainsText("version 9"));
  CHECK_THAT(says(head(~std::uint64_t{0}, 0)), ContainsText("beyond any file"));
  CHECK_THAT(says(head(std::uint64_t{1} << 50, 0)), ContainsText("truncated"));
  CHECK_THAT(says(head(1, 0) + tensor("a", 255, 12, 0)), ContainsText("whole blocks"));
  CHECK_THAT(says(head(1, 0) + tensor("a", 256, 4, 0)), ContainsText("type 4"));
  CHECK_THAT(says(head(1, 0) + tensor("a", 256, 12, 7)), ContainsText("aligned"));
  CHECK_THAT(says(head(1, 0) + tensor("\xff", 256, 12, 0)), ContainsText("UTF-8"));
  CHECK_THAT(says(head(2, 0) + tensor("a", 256, 0, 0) + tensor("b", 256, 0, 32)), ContainsText("overlap"));
  CHECK_THAT(says(head(2, 0) + tensor("a", 32, 0, 0) + tensor("a", 32, 0, 128)), ContainsText("twice"));
  const std::string nested =
      text("k") + raw<std::uint32_t>(9) + raw<std::uint32_t>(9) + raw<std::uint64_t>(1);
  CHECK_THAT(says(head(0, 1) + nested), ContainsText("array of arrays"));
}

TEST_CASE("a safetensors header gives types and bytes") {
  const std::string json =
      R"({"__metadata__":{"format":"pt"},"w":{"dtype":"BF16","shape":[2,4],"data_offsets":[0,16]}})";
  const ModelFile file = safetensors(json, 16);
  REQUIRE(file.tensors.size() == 1);
  CHECK(file.tensors[0].type == "bf16");
  CHECK(file.tensors[0].shape == std::vector<std::int64_t>{2, 4});
  CHECK(file.tensor_bytes() == 16);
  CHECK(safetensors(json, 0).header_only);
  // What else stands in a header says nothing of tensors.
  const std::string noted =
      R"({"__metadata__":{"shape":[-1,[{}]],"n":null},"w":{"x":[[1],{"shape":[7]}],"dtype":"U8",)"
      R"("shape":[],"data_offsets":[0,1]}})";
  CHECK(safetensors(noted, 1).tensors.at(0).shape.empty());
  CHECK_THAT(failure([&] { safetensors(json, 15); }), ContainsText("truncated"));
  CHECK_THAT(failure([&] { safetensors(json, 17); }), ContainsText("tensors of 16 bytes in data of 17"));
  const ModelFile odd = safetensors(
      R"({"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]},"b":{"dtype":"F8_E4M3FNUZ","shape":[2],"data_offsets":[3,5]}})",
      5);
  CHECK(odd.tensors[0].bytes == 3);
  CHECK(odd.tensors[1].type == "f8_e4m3");
}

TEST_CASE("safetensors headers that lie are refused") {
  const auto says = [](const std::string& entry) {
    return failure([&] { safetensors("{\"w\":" + entry + "}", 64); });
  };
  CHECK_THAT(says("[]"), ContainsText("lacks dtype"));
  CHECK_THAT(says(R"({"dtype":"X","shape":[1],"data_offsets":[0,1]})"), ContainsText("not known"));
  CHECK_THAT(says(R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})"), ContainsText("no sensible"));
  CHECK_THAT(says(R"({"dtype":"U8","shape":[2],"data_offsets":[0,1]})"), ContainsText("its shape takes 2"));
  CHECK_THAT(says(R"({"dtype":"U8","shape":[9007199254740992,9007199254740992],"data_offsets":[0,1]})"),
             ContainsText("larger than any file"));
  CHECK_THAT(failure([] { safetensors(R"({"w":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", 0); }),
             ContainsText("some of it belongs to none"));
  const std::string twice = R"("w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]})";
  CHECK_THAT(failure([&] { safetensors("{" + twice + "," + twice + "}", 2); }),
             ContainsText("overlap") || ContainsText("twice"));
  for (const char* json : {"no json", "[]", "[{}]", "7", R"({"w")", ""})
    CHECK_THAT(failure([&] { safetensors(json, 0); }), ContainsText("no JSON object"));
  for (const char* entry : {"7", "null", "[]", R"({"dtype":"U8","shape":2,"data_offsets":[0,2]})",
                            R"({"dtype":7,"shape":[2],"data_offsets":[0,2]})"})
    CHECK_THAT(says(entry), ContainsText("lacks dtype, shape or data_offsets"));
  for (const char* shape : {"[[2]]", "[{}]", "[null]", "[\"2\"]", "[2.0]", "[-2]"})
    CHECK_THAT(says(fmt::format(R"({{"dtype":"U8","shape":{},"data_offsets":[0,2]}})", shape)),
               ContainsText("the shape of tensor 'w' is no sensible count"));
  std::istringstream in(raw<std::uint64_t>(1000) + "{}");
  CHECK_THAT(failure([&] { read_safetensors(in, 10, "x"); }), ContainsText("truncated"));
}

}  // namespace qwenfit::input
