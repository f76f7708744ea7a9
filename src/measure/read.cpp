#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "estimate/scenario_fields.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/measure.hpp"

namespace qwenfit::measure {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

[[noreturn]] void fail(const std::string& path, int line, const std::string& what) {
  throw Error(ErrorCode::bad_input, fmt::format("{}:{}: {}", path, line, what));
}

std::string text_or(const json& object, const char* key, const std::string& otherwise) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : otherwise;
}

std::string default_cell(const Row& row) {
  std::string cell = row.source;
  for (const DeviceRequest& d : row.scenario.devices) cell += "|" + d.name;
  return cell + "|" + row.scenario.model;
}

Row read_row(const json& object, const std::map<std::string, std::string>& sources) {
  Row row;
  row.id = text_or(object, "id", "");
  row.scenario = scenario_from_json(object.at("scenario"));
  const std::string source = text_or(object, "source", "");
  const auto known = sources.find(source);
  row.source = known == sources.end() ? source : known->second;
  row.cell = text_or(object, "cell", default_cell(row));
  row.notes = text_or(object, "notes", "");
  row.skip = text_or(object, "skip", "");
  const auto rounding = object.find("rounding");
  for (const auto& [name, value] : object.at("measured").items()) {
    Quantity q{name, value.is_boolean() ? (value.get<bool>() ? 1.0 : 0.0) : value.get<double>(), 0};
    if (rounding != object.end() && rounding->contains(name)) q.rounding = rounding->at(name).get<double>();
    row.measured.push_back(std::move(q));
  }
  return row;
}

File read_file(const fs::path& path, const std::string& kind) {
  std::ifstream in(path);
  if (!in) throw Error(ErrorCode::io, fmt::format("can't read {}", path.string()));
  File file{path.string(), "", "", {}};
  std::map<std::string, std::string> sources;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty()) continue;
    try {
      const json object = json::parse(line);
      if (number == 1) {
        file.kind = object.at("kind").get<std::string>();
        file.about = text_or(object, "about", "");
        if (file.kind != kind) return file;
        if (object.contains("sources"))
          sources = object.at("sources").get<std::map<std::string, std::string>>();
      } else {
        file.rows.push_back(read_row(object, sources));
      }
    } catch (const json::exception& e) {
      fail(path.string(), number, e.what());
    } catch (const Error& e) {
      fail(path.string(), number, e.what());
    }
  }
  return file;
}

}  // namespace

std::vector<File> read_measurements(const std::string& folder, const std::string& kind) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".jsonl") paths.push_back(entry.path());
  }
  if (error) throw Error(ErrorCode::io, fmt::format("can't list {}: {}", folder, error.message()));
  std::sort(paths.begin(), paths.end());
  std::vector<File> files;
  for (const fs::path& path : paths) {
    File file = read_file(path, kind);
    if (file.kind == kind) files.push_back(std::move(file));
  }
  if (files.empty()) throw Error(ErrorCode::io, fmt::format("no {} measurements in {}", kind, folder));
  return files;
}

std::string default_folder() {
  if (const char* set = std::getenv("QWENFIT_MEASUREMENTS"); set && *set) return set;
  std::error_code error;
  std::vector<fs::path> around;
  for (fs::path p = fs::read_symlink("/proc/self/exe", error).parent_path(); !error && p.has_relative_path();
       p = p.parent_path()) {
    around.push_back(p);
  }
  for (const fs::path& p : around) {
    if (fs::is_directory(p / "share/qwenfit/measurements", error))
      return (p / "share/qwenfit/measurements").string();
    if (fs::is_directory(p / "data/measurements", error)) return (p / "data/measurements").string();
  }
  if (fs::is_directory("data/measurements", error)) return "data/measurements";
  throw Error(ErrorCode::io, "no measurements found beside the program: name their folder with --data");
}

}  // namespace qwenfit::measure
