// Files of the user: settings under $XDG_CONFIG_HOME/qwenfit, what can be made again under
// $XDG_CACHE_HOME/qwenfit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qwenfit::cli {

/// The folders of settings and entries of the user's own, and of what can be made again, whether they exist
/// or not; empty when neither the variable nor HOME is set.
std::string config_folder();
std::string cache_folder();

/// The text of a file; nothing when there is none.
/// @throws Error(io | bad_input) when it is there and can't be read, or is larger than any such file (1 MiB).
std::optional<std::string> read_user_file(const std::string& path);

/// The text of any file, or of standard input ("-").
/// @throws Error(io | bad_input) when it can't be read, or is larger than `most` bytes.
std::string read_whole(const std::string& path, std::size_t most);

/// Writes the whole file or nothing: into a file beside it, which then takes its place. Makes the folder.
/// @throws Error(io)
void write_user_file(const std::string& path, std::string_view text);

/// While it lives, no other run of the program has one of this folder: for what is read, changed and written.
/// Makes the folder; waits for the other. Where the file system knows no locks, it holds nothing.
class FolderLock {
 public:
  /// @throws Error(io) when the folder can't be made or opened.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int folder_;
};

}  // namespace qwenfit::cli
