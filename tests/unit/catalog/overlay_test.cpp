// Entries of one's own over the built-in catalog: what they may change, and how bad ones are told.
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"

using namespace qwenfit;
using catalog::Catalog;
namespace fs = std::filesystem;

namespace {

/// A folder of its own that goes away with the test.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "qwenfit-overlay-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
};

Catalog with(const std::string& text) {
  const Folder folder;
  return Catalog::builtin().with_overlay(folder.write("my.json", text));
}

/// The complaint about `text`, with the path in front of my.json cut off.
std::string complaint(const std::string& text) {
  const Folder folder;
  const std::string file = folder.write("my.json", text);
  try {
    Catalog::builtin().with_overlay(file);
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::bad_input);
    std::string what = e.what();
    for (std::size_t at; (at = what.find(folder.path.string())) != std::string::npos;)
      what.erase(at, folder.path.string().size() + 1);
    return what;
  }
  return "accepted";
}

const char* kTinyModel = R"({"models": [{
  "id": "tiny", "name": "Tiny-1B", "family": "Tiny", "arch": "qwen3",
  "geometry": {"hidden_size": 1024, "layers": 4, "heads": 8, "kv_heads": 4, "head_dim": 128,
               "intermediate_size": 2048, "vocab_size": 1000},
  "context": {"native": 4096}, "aliases": ["my model"]}]})";

}  // namespace

TEST_CASE("a new record is found by all its names") {
  const Catalog catalog = with(kTinyModel);
  CHECK(catalog.find_model("tiny").model->name == "Tiny-1B");
  CHECK(catalog.find_model("My Model").model->id == "tiny");
  CHECK(catalog.find_model("Tiny-1B-Q4_K_M.gguf").format->id == "q4_k_m");
  CHECK(catalog.find_model("qwen3-8b").model->id == "qwen3-8b");
  CHECK(catalog.models().size() == Catalog::builtin().models().size() + 1);
  CHECK_THROWS_AS(Catalog::builtin().find_model("tiny"), Error);
}

TEST_CASE("a known record changes only in what is given") {
  const Catalog catalog =
      with(R"({"devices": [{"id": "rtx-4090", "bandwidth_gb_s": 1100, "bandwidth_note": "overclocked",
      "aliases": ["my card"], "interconnect": {"type": "NVLink"}}]})");
  const catalog::Device& ours = *catalog.find_device("my card").device;
  const catalog::Device& builtin = *Catalog::builtin().device("rtx-4090");
  CHECK(ours.id == "rtx-4090");
  CHECK(*ours.bandwidth_gb_s == 1100);
  CHECK(ours.memory_gb == builtin.memory_gb);
  CHECK(ours.interconnect.type == "NVLink");
  // Lists of texts grow.
  CHECK(ours.aliases.size() == builtin.aliases.size() + 1);
  CHECK(catalog.find_device("4090").device == &ours);
  CHECK(*builtin.bandwidth_gb_s == 1008);
  CHECK(catalog.devices().size() == Catalog::builtin().devices().size());
}

TEST_CASE("inside a record, objects are changed key by key and lists replaced") {
  const Catalog catalog =
      with(R"({"models": [{"id": "qwen3-30b-a3b", "geometry": {"moe": {"experts_per_token": 4}},
      "variants": [{"name": "Mine", "hf_id": "me/Mine", "kind": "instruct"}]}]})");
  const catalog::Model& m = *catalog.model("qwen3-30b-a3b");
  CHECK(m.geometry.moe->experts_per_token == 4);
  CHECK(m.geometry.moe->experts == 128);
  CHECK(m.geometry.layers == 48);
  REQUIRE(m.variants.size() == 1);
  CHECK(catalog.find_model("me/Mine").variant == &m.variants[0]);
}

TEST_CASE("overlays stack") {
  const Folder folder;
  const Catalog once = Catalog::builtin().with_overlay(folder.write("a.json", kTinyModel));
  const Catalog twice =
      once.with_overlay(folder.write("b.json", R"({"models": [{"id": "tiny", "license": "MIT"}]})"));
  CHECK(twice.model("tiny")->license == "MIT");
  CHECK(twice.model("tiny")->geometry.layers == 4);
  CHECK(once.model("tiny")->license.empty());
}

TEST_CASE("a folder is read file by file; schemas and config.json are none of it") {
  const Folder folder;
  folder.write("a.json", R"({"devices": [{"id": "rtx-4090", "tdp_w": 300}]})");
  folder.write("models/b.json", kTinyModel);
  folder.write("config.json", "not ours");
  folder.write("my.schema.json", "nor this");
  folder.write("notes.txt", "nor this");
  folder.write("deep/er/c.json", "nor this");
  const Catalog catalog = Catalog::builtin().with_overlay(folder.path.string());
  CHECK(catalog.device("rtx-4090")->tdp_w == 300);
  CHECK(catalog.model("tiny") != nullptr);
}

TEST_CASE("bad values: file, line and key") {
  CHECK(complaint(R"({"devices": [
 {"id": "rtx-4090",
  "memory_gb": "24"}]})") == "my.json:3: /devices/0/memory_gb: a number is expected");
  CHECK(complaint(R"({"devices": [
 {"id": "rtx-4090",
  "memroy_gb": 24}]})") ==
        "my.json:3: /devices/0/memroy_gb: unknown key 'memroy_gb': did you mean memory_gb?");
  CHECK(complaint("{\n\"devices\": [{\"id\": \"new-card\", \"name\": \"New\"}]}") ==
        "my.json:2: /devices/0: key 'vendor' is missing");
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "arch": "qwen33"}]})")
            .find("'qwen33' is none of unknown, qwen,") != std::string::npos);
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "geometry": {"layers": -1}}]})") ==
        "my.json:1: /models/0/geometry/layers: a number from 0 to 2147483647 is expected");
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "geometry": {"layers": 99999999999}}]})")
            .find("a number from 0 to 2147483647") != std::string::npos);
  CHECK(
      complaint(R"({"models": [{"id": "qwen3-8b", "geometry": {"layers": 36.5}}]})").find("a whole number") !=
      std::string::npos);
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "aliases": "x"}]})").find("a list is expected") !=
        std::string::npos);
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "geometry": {"tied_embeddings": 1}}]})")
            .find("true or false") != std::string::npos);
  CHECK(complaint(R"({"models": [{"name": "x"}]})").find("key 'id' is missing") != std::string::npos);
  CHECK(complaint(R"({"models": [7]})").find("an object is expected") != std::string::npos);
  CHECK(complaint(R"({"models": {}})").find("a list is expected") != std::string::npos);
  CHECK(complaint(R"({"model": []})") == "my.json:1: /model: unknown key 'model': did you mean models?");
  CHECK(complaint(R"({"schema": 2})") == "my.json:1: /schema: only version 1 of the schema is known");
  CHECK(complaint("[]").find("an object with lists of records is expected") != std::string::npos);
}

TEST_CASE("bad JSON: file and line") {
  CHECK(complaint("{\n\"models\": [}").find("my.json:2: not valid JSON") == 0);
  CHECK(complaint("").find("my.json:1: not valid JSON") == 0);
  CHECK(complaint("{\"a\": 1,\n\"a\": 2}") == "my.json:2: key 'a' stands twice");
  CHECK(complaint(std::string("\x7f"
                              "ELF\0\1\2",
                              7))
            .find("not valid JSON") != std::string::npos);
  CHECK(complaint("{\"devices\": [{\"id\": \"rtx-4090\", \"tdp_w\": 1e999}]}").find("not valid JSON") !=
        std::string::npos);
  CHECK(complaint("{\"models\": " + std::string(10000, '[') + std::string(10000, ']') + "}")
            .find("nested deeper") != std::string::npos);
  std::string many = "{\"models\": [0";
  for (int i = 0; i < 1'100'000; ++i) many += ",0";
  CHECK(complaint(many + "]}").find("more than a million values") != std::string::npos);
  CHECK(complaint(std::string(std::size_t{17} << 20, ' ')).find("larger than any catalog") !=
        std::string::npos);
}

TEST_CASE("records that contradict each other: the line of the overlay's own") {
  CHECK(complaint(R"({"devices": [{"id": "rtx-4090", "aliases": ["RTX 3090"]}]})") ==
        "my.json:1: device rtx-4090: answers to 'rtx3090', as device rtx-3090 does");
  CHECK(complaint(R"({"devices": [{"id": "a1", "name": "A", "vendor": "nvidia", "class": "consumer"},
 {"id": "a1", "name": "B", "vendor": "nvidia", "class": "consumer"}]})") ==
        "my.json:2: /devices/1/id: 'a1' stands in my.json:1 already");
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "related": ["nothing"]}]})")
            .find("related 'nothing' is no other model") != std::string::npos);
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "related": ["qwen3-8b"]}]})").find("is no other model") !=
        std::string::npos);
  CHECK(complaint(R"({"devices": [{"id": "rtx-4090", "bandwidth_gb_s": 500}]})")
            .find("no bandwidth_note says why") != std::string::npos);
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "geometry": {"kv_heads": 5}}]})")
            .find("no multiple of 5 KV heads") != std::string::npos);
  CHECK(complaint(R"({"models": [{"id": "Qwen 3", "name": "x", "family": "x", "arch": "unknown"}]})")
            .find("an id has lower-case") != std::string::npos);
}

TEST_CASE("systems that contain themselves, or each other") {
  const auto system = [](const char* id, const char* base) {
    return std::string(R"({"id": ")") + id + R"(", "name": ")" + id +
           R"(", "vendor": "nvidia", "class": "datacenter", "device_count": 2, "base_device": ")" + base +
           "\"}";
  };
  CHECK(complaint("{\"devices\": [" + system("loop", "loop") + "]}")
            .find("base_device 'loop' is no single device") != std::string::npos);
  CHECK(complaint("{\"devices\": [" + system("a1", "b1") + "," + system("b1", "a1") + "]}")
            .find("is no single device") != std::string::npos);
  CHECK(complaint("{\"devices\": [" + system("a1", "dgx-h100") + "]}").find("is no single device") !=
        std::string::npos);
}

TEST_CASE("a geometry whose products would overflow is refused") {
  for (const char* geometry :
       {R"({"layers": 2147483647, "hidden_size": 2147483647})", R"({"vocab_size": 2147483647})",
        R"({"hidden_size": 1048576, "intermediate_size": 1048576, "layers": 4096})",
        R"({"moe": {"experts": 1000000, "experts_per_token": 1, "expert_width": 1000000}})"}) {
    INFO(geometry);
    CHECK(complaint(std::string(R"({"models": [{"id": "qwen3-8b", "geometry": )") + geometry + "}]}")
              .find("the geometry is larger than any model") != std::string::npos);
  }
}

TEST_CASE("what is no file is told") {
  const auto code = [](const std::string& path) {
    try {
      Catalog::builtin().with_overlay(path);
    } catch (const Error& e) {
      return e.code();
    }
    return ErrorCode::usage;
  };
  CHECK(code("/nonexistent/x.json") == ErrorCode::io);
  CHECK(code("/dev/zero") == ErrorCode::bad_input);
}

TEST_CASE("a line of base models that never ends, or leads nowhere") {
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "base_model": "qwen3-8b"}]})")
            .find("base_model 'qwen3-8b' is no model that it can come from") != std::string::npos);
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "base_model": "qwen3-4b"},
                                 {"id": "qwen3-4b", "base_model": "qwen3-8b"}]})")
            .find("is no model that it can come from") != std::string::npos);
  CHECK(complaint(R"({"models": [{"id": "qwen3-8b", "base_model": "none"}]})").find("base_model 'none'") !=
        std::string::npos);
}

TEST_CASE("what an overlay adds and changes, with places") {
  const Folder folder;
  const std::string file = folder.write("my.json", R"({"devices": [
 {"id": "rtx-4090", "tdp_w": 300},
 {"id": "x1", "name": "X", "vendor": "nvidia", "class": "consumer"}]})");
  const auto records = catalog::overlay_records(Catalog::builtin(), file);
  REQUIRE(records.size() == 2);
  CHECK(records[0].kind == "device");
  CHECK(records[0].id == "rtx-4090");
  CHECK(records[0].changes);
  CHECK(records[0].place == file + ":2");
  CHECK(records[1].id == "x1");
  CHECK_FALSE(records[1].changes);
}
