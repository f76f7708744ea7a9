#include "validator.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>

namespace {

namespace rj = rapidjson;

/// Schemas that others refer to, by file name.
class Provider : public rj::IRemoteSchemaDocumentProvider {
 public:
  const rj::SchemaDocument* GetRemoteDocument(const char* uri, rj::SizeType length) override {
    return get(std::string(uri, length));
  }

  const rj::SchemaDocument* get(const std::string& file) {
    auto& known = schemas_[file];
    if (!known) {
      rj::Document json;
      json.Parse(repository_file("data/schema/" + file).c_str());
      if (json.HasParseError()) return nullptr;
      known = std::make_unique<rj::SchemaDocument>(json, this);
    }
    return known.get();
  }

 private:
  std::map<std::string, std::unique_ptr<rj::SchemaDocument>> schemas_;
};

std::string pointer_text(const rj::Pointer& pointer) {
  rj::StringBuffer buffer;
  pointer.StringifyUriFragment(buffer);
  return buffer.GetString();
}

}  // namespace

std::string repository_file(const std::string& path) {
  std::ifstream in(std::string(QWENFIT_SOURCE_DIR) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string violation(const std::string& name, const std::string& json) {
  static Provider provider;
  const rj::SchemaDocument* schema = provider.get(name + ".schema.json");
  if (!schema) return name + ".schema.json can't be read";
  rj::Document document;
  document.Parse(json.c_str());
  if (document.HasParseError()) return rj::GetParseError_En(document.GetParseError());
  rj::SchemaValidator validator(*schema);
  if (document.Accept(validator)) return "";
  return fmt::format("{}: {} ({})", pointer_text(validator.GetInvalidDocumentPointer()),
                     validator.GetInvalidSchemaKeyword(), pointer_text(validator.GetInvalidSchemaPointer()));
}
