// Paths -> texts. Sizes and depths are bounded; links are not followed out of a folder.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "qwenfit/error.hpp"
#include "qwenfit/plan.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

namespace fs = std::filesystem;

/// Rendered charts with their resource definitions have some megabytes; nothing that starts an engine has
/// more.
constexpr std::size_t kLargest = std::size_t{16} << 20;
constexpr int kDeepestFolder = 32;
constexpr std::int64_t kMostFiles = 100000;

std::string read_stream(std::FILE* in, const std::string& name) {
  std::string text;
  char buffer[1 << 16];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, in)) {
    text.append(buffer, got);
    if (text.size() > kLargest)
      throw Error(ErrorCode::bad_input,
                  fmt::format("{} has more than {} MiB: no deployment plan", name, kLargest >> 20));
  }
  if (std::ferror(in)) throw Error(ErrorCode::io, fmt::format("can't read {}", name));
  return text;
}

std::string read_file(const fs::path& path, const std::string& name) {
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  const std::unique_ptr<std::FILE, Close> in(std::fopen(path.c_str(), "rb"));
  if (!in) throw Error(ErrorCode::io, fmt::format("can't read {}", name));
  return read_stream(in.get(), name);
}

/// Files of a folder that may start an engine; what is named on the command line is read whatever its name.
bool worth_reading(const fs::path& path) {
  const std::string name = lower(path.filename().string());
  for (const std::string_view end :
       {".yaml", ".yml", ".sh", ".bash", ".service", ".container", ".json", ".tpl", ".j2", ".toml", ".conf",
        ".nix", ".py", ".mk", ".ps1", ".bat", ".cmd"}) {
    if (name.ends_with(end)) return true;
  }
  return name.find("dockerfile") != std::string::npos || name.find("containerfile") != std::string::npos ||
         name.starts_with("modelfile") || name.ends_with(".modelfile") || name == "makefile" ||
         name == "procfile" || name == "justfile";
}

bool skipped_folder(const fs::path& path) {
  const std::string name = path.filename().string();
  return (name.size() > 1 && name[0] == '.' && name != ".." && name != ".github" && name != ".gitlab") ||
         name == "node_modules" || name == "__pycache__";
}

/// A file (or standard input) that is named can't just be skipped when nothing can be told from it.
void named_file(const std::string& file, std::string_view text, const Options& options, Report& report) {
  const std::size_t skipped = report.skipped.size();
  read_text(file, text, options, report);
  if (report.skipped.size() == skipped) return;
  const SkippedFile& last = report.skipped.back();
  const std::string why = last.unreadable ? last.reason : why_unreadable(file, text);
  if (why.empty()) return;
  report.skipped.pop_back();
  Deployment d;
  d.file = file;
  d.line = 1;
  d.kind = "file";
  d.name = std::string(base_name(file));
  d.estimable = false;
  Finding f;
  f.id = "unreadable";
  f.severity = Severity::error;
  f.undecided = true;
  f.line = 1;
  // "line 7: no YAML: ..."
  if (why.starts_with("line "))
    f.line = static_cast<int>(units::parse_count(why.substr(5, why.find(':') - 5)).value_or(1));
  f.message = fmt::format("{} can't be read: {}", file == "stdin" ? "standard input" : file, why);
  if (file == "stdin" && why == "empty") f.message += "; did the command ahead of it fail?";
  d.findings.push_back(std::move(f));
  report.deployments.push_back(std::move(d));
}

/// A file, with the .env beside it when it is a compose file, as compose itself reads it.
void read_one(const fs::path& path, const Options& options, Report& report,
              void (*read)(const std::string&, std::string_view, const Options&, Report&) = read_text) {
  const std::string name = lower(path.filename().string());
  const fs::path beside = path.parent_path() / ".env";
  std::error_code error;
  if (name.find("compose") == std::string::npos || !fs::is_regular_file(beside, error) ||
      fs::file_size(beside, error) > (1U << 20)) {
    read(path.string(), read_file(path, path.string()), options, report);
    return;
  }
  Options with = options;
  for (auto& [key, value] : parse_environment(read_file(beside, beside.string())))
    with.environment.try_emplace(key, value);
  read(path.string(), read_file(path, path.string()), with, report);
}

void read_folder(const fs::path& folder, const Options& options, Report& report) {
  std::error_code error;
  std::vector<fs::path> files;
  fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error);
  if (error) throw Error(ErrorCode::io, fmt::format("can't read {}: {}", folder.string(), error.message()));
  for (const fs::recursive_directory_iterator end; it != end; it.increment(error)) {
    if (error) break;
    const fs::directory_entry& entry = *it;
    if (entry.is_directory(error)) {
      if (skipped_folder(entry.path()) || it.depth() >= kDeepestFolder) it.disable_recursion_pending();
      continue;
    }
    if (!entry.is_symlink(error) && entry.is_regular_file(error) && worth_reading(entry.path()))
      files.push_back(entry.path());
    if (static_cast<std::int64_t>(files.size()) > kMostFiles)
      throw Error(ErrorCode::bad_input,
                  fmt::format("{} holds more than {} files to read", folder.string(), kMostFiles));
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    try {
      read_one(file, options, report);
    } catch (const Error& e) {
      report.skipped.push_back({file.string(), e.what(), true});
    }
  }
}

}  // namespace

std::map<std::string, std::string> parse_environment(std::string_view text) {
  std::map<std::string, std::string> out;
  while (!text.empty() && out.size() < 10000) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const auto equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    std::string_view value = trim(line.substr(equals + 1));
    if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
      value = value.substr(1, value.size() - 2);
    out[std::string(trim(line.substr(0, equals)))] = std::string(value);
  }
  return out;
}

std::optional<std::string> followed_file(const std::string& plan, const std::string& path) {
  const fs::path whole = fs::path(path).is_absolute() ? fs::path(path) : fs::path(plan).parent_path() / path;
  std::error_code error;
  if (!fs::is_regular_file(whole, error) || fs::file_size(whole, error) > (1U << 20)) return std::nullopt;
  try {
    return read_file(whole, whole.string());
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::map<std::string, std::string> read_environment_file(const std::string& path) {
  return parse_environment(read_file(path, path));
}

void read_path(const std::string& path, const Options& options, Report& report) {
  if (path == "-") {
    named_file("stdin", read_stream(stdin, "standard input"), options, report);
    return;
  }
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error || status.type() == fs::file_type::not_found)
    throw Error(ErrorCode::io, fmt::format("can't read {}: no such file or folder", path));
  if (fs::is_directory(status)) read_folder(path, options, report);
  else if (fs::is_regular_file(status) || fs::is_fifo(status)) read_one(path, options, report, named_file);
  else throw Error(ErrorCode::bad_input, fmt::format("{} is no file to read", path));
}

}  // namespace qwenfit::plan
