// data/schema/catalog.schema.json against the files of data/, and against the code's own list of keys.
#include <nlohmann/json.hpp>
#include <set>

#include "catalog/fields.hpp"
#include "catalog/records.hpp"
#include "catalog/write.hpp"
#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "validator.hpp"

using namespace qwenfit;
using namespace qwenfit::catalog;
using nlohmann::json;

namespace {

const json& schema() {
  static const json parsed = json::parse(repository_file("data/schema/catalog.schema.json"));
  return parsed;
}

std::vector<std::string> data_files() {
  std::vector<std::string> files;
  const std::string root = std::string(QWENFIT_SOURCE_DIR) + "/";
  for (const char* folder : {"models", "devices", "formats", "engines", "quality"}) {
    for (const std::string& file : catalog_files(root + "data/" + folder))
      files.push_back(file.substr(root.size()));
  }
  return files;
}

template <class T>
const T& with_id(const std::vector<const T*>& records, const std::string& id) {
  for (const T* record : records) {
    if (record->id == id) return *record;
  }
  FAIL("no record " << id);
  throw std::logic_error("unreachable");
}

/// Without what says nothing: false, 0, empty texts and lists.
json telling(const json& value) {
  if (!value.is_structured()) return value;
  json out = value.is_array() ? json::array() : json::object();
  for (const auto& [key, item] : value.items()) {
    json kept = telling(item);
    const bool nothing = kept == 0 || kept == false || kept == "" || (kept.is_structured() && kept.empty());
    if (value.is_array()) out.push_back(std::move(kept));
    else if (!nothing) out[key] = std::move(kept);
  }
  return out;
}

/// Compares the definitions of the schema with the records of the code, each once.
class Comparison {
 public:
  template <class R>
  void record(const std::string& name, bool top) {
    if (!seen_.insert(name).second) return;
    INFO("definition " << name);
    REQUIRE(schema()["definitions"].contains(name));
    const json& definition = schema()["definitions"][name];
    CHECK(definition["additionalProperties"] == false);
    std::set<std::string> keys, required;
    auto visit = [&](const char* key, const auto& member, Need need) {
      keys.insert(key);
      if (need == Need::required) required.insert(key);
      INFO("key " << key);
      REQUIRE(definition["properties"].contains(key));
      type<std::remove_cvref_t<decltype(member)>>(definition["properties"][key]);
    };
    R sample{};
    fields(visit, sample);
    std::set<std::string> properties;
    for (const auto& [key, unused] : definition["properties"].items()) properties.insert(key);
    CHECK(properties == keys);
    // A record of an overlay needs its id only; what a complete one needs stands apart.
    const json& said =
        top ? schema()["definitions"]["complete"]["properties"][name + "s"]["items"]["required"]
            : definition.value("required", json::array());
    CHECK(said.get<std::set<std::string>>() == required);
    if (top) CHECK(definition["required"] == json{"id"});
  }

 private:
  template <class T>
  void type(const json& property) {
    if constexpr (requires(T t) { t.has_value(); }) {
      type<typename T::value_type>(property);
    } else if constexpr (requires(T t) { t.first; }) {
      CHECK(property["type"] == "array");
      type<std::remove_cvref_t<decltype(*T{}.first)>>(property["items"]);
    } else if constexpr (std::is_same_v<T, Text>) {
      // A text of few words may be listed.
      CHECK((property.contains("enum") || property["type"] == "string"));
    } else if constexpr (std::is_same_v<T, bool>) {
      CHECK(property["type"] == "boolean");
    } else if constexpr (std::is_same_v<T, double>) {
      CHECK(property["type"] == "number");
      CHECK(property["minimum"] == 0);
    } else if constexpr (std::is_integral_v<T>) {
      CHECK(property["type"] == "integer");
      CHECK(property["minimum"] == 0);
    } else if constexpr (std::is_enum_v<T>) {
      std::vector<std::string> words;
      for (const auto& entry : kNamesOf<T>) words.emplace_back(entry.name);
      CHECK(property["enum"] == json(words));
    } else {
      const std::string reference = property.value("$ref", "");
      REQUIRE(reference.starts_with("#/definitions/"));
      record<T>(reference.substr(std::string_view("#/definitions/").size()), false);
    }
  }

  std::set<std::string> seen_;
};

}  // namespace

TEST_CASE("the schema has the keys, types and words of the code") {
  Comparison comparison;
  comparison.record<Model>("model", true);
  comparison.record<DType>("dtype", true);
  comparison.record<WeightFormat>("format", true);
  comparison.record<Device>("device", true);
  comparison.record<Engine>("engine", true);
  comparison.record<PublishedFile>("published_file", true);
  comparison.record<QualityTable>("quality_table", true);
  CHECK(schema()["definitions"].size() > 20);
}

TEST_CASE("every file of data/ is valid") {
  const auto files = data_files();
  CHECK(files.size() > 50);
  for (const std::string& file : files) {
    INFO(file);
    CHECK(violation("catalog", repository_file(file)) == "");
  }
}

TEST_CASE("what the program holds is what the files say, and valid") {
  std::size_t records = 0;
  for (const std::string& file : data_files()) {
    const json content = json::parse(repository_file(file));
    Records empty;
    for_each_list(empty, [&](const char* list, const auto&) {
      if (!content.contains(list)) return;
      for (const json& record : content[list]) {
        const std::string id = record["id"];
        INFO(file << " " << id);
        const Catalog& catalog = Catalog::builtin();
        const std::string kind = list;
        const json held = kind == "models"            ? json(to_json(*catalog.model(id)))
                          : kind == "devices"         ? json(to_json(*catalog.device(id)))
                          : kind == "formats"         ? json(to_json(*catalog.format(id)))
                          : kind == "dtypes"          ? json(to_json(*catalog.dtype(id)))
                          : kind == "engines"         ? json(to_json(*catalog.engine(id)))
                          : kind == "published_files" ? json(to_json(with_id(catalog.published_files(), id)))
                          : kind == "downloads"       ? json(to_json(with_id(catalog.downloads(), id)))
                                                      : json(to_json(with_id(catalog.quality_tables(), id)));
        CHECK(telling(held) == telling(record));
        CHECK(violation("catalog", json{{list, {held}}}.dump()) == "");
        ++records;
      }
    });
  }
  CHECK(records > 500);
}

TEST_CASE("reader and schema refuse the same") {
  // A record of each kind, and what is done to each of its keys.
  Arena arena;
  const auto read = [&](const json& content) {
    try {
      Records records;
      Origins origins;
      read_text("x", content.dump(), records, arena, origins);
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  const Catalog& catalog = Catalog::builtin();
  const std::pair<const char*, json> samples[] = {
      {"models", json(to_json(*catalog.model("qwen3.5-35b-a3b")))},
      {"models", json(to_json(*catalog.model("qwen3-omni-30b-a3b-instruct")))},
      {"devices", json(to_json(*catalog.device("apple-m3-max-40c")))},
      {"devices", json(to_json(*catalog.device("rtx-4090")))},
      {"formats", json(to_json(*catalog.format("q4_k_m")))},
      {"formats", json(to_json(*catalog.format("ud-q4_k_xl")))},
      {"published_files", json(to_json(*catalog.published_files().front()))},
      {"downloads", json(to_json(*catalog.downloads().front()))},
      {"quality_tables", json(to_json(*catalog.quality_tables().front()))},
      {"dtypes", json(to_json(*catalog.dtype("q4_k")))},
      {"engines", json(to_json(*catalog.engine("vllm")))}};
  const json wrong[] = {json("a text that is no key word"),
                        json(-1),
                        json(1.5),
                        json(true),
                        json(nullptr),
                        json::array(),
                        json::object(),
                        json{1},
                        json{{"x", 1}},
                        json(1e30)};
  int refused = 0;
  for (const auto& [list, sample] : samples) {
    REQUIRE(read({{list, {sample}}}));
    REQUIRE(violation("catalog", json{{list, {sample}}}.dump()) == "");
    // Every value at every depth, as JSON pointers.
    const json flat = sample.flatten();
    for (const auto& [pointer, value] : flat.items()) {
      for (const json& other : wrong) {
        json changed = sample;
        changed[json::json_pointer(pointer)] = other;
        INFO(list << pointer << " = " << other.dump());
        const bool by_reader = read({{list, {changed}}});
        const bool by_schema = violation("catalog", json{{list, {changed}}}.dump()).empty();
        // Ids and dates have patterns in the schema; the reader leaves them to the checks between records.
        if (by_reader && other.is_string()) continue;
        CHECK(by_reader == by_schema);
        refused += by_reader ? 0 : 1;
      }
    }
    for (const auto& [key, unused] : sample.items()) {
      json changed = sample;
      changed[key + "x"] = 1;
      INFO(list << " with " << key << "x");
      CHECK_FALSE(read({{list, {changed}}}));
      CHECK(violation("catalog", json{{list, {changed}}}.dump()) != "");
    }
  }
  CHECK(refused > 1000);
}
