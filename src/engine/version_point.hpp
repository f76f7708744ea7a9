// Which point of an engine's history a version text means. Rules of the serving engines changed by commit,
// not by release, so they are looked up by the date up to which a release contains its main branch.
#pragma once

#include <string>

#include "qwenfit/catalog.hpp"

namespace qwenfit::engine {

struct VersionPoint {
  std::string version;  ///< of data/engines: the one meant, or the newest not above it
  std::string date;     ///< ISO; of a nightly the one it names
};

/// Reads "0.11.0", "v0.27.x", "0.8.5.post1", "0.21-dev (2026-05-01)", "b9415-0adede866"; empty text is the
/// newest known version. A version above all known ones has the rules of the newest, one below all those of
/// the oldest. "latest", "main" and "nightly" are the newest known too, as is a commit.
/// @throws Error(invalid_value) for any other text without a number in it.
VersionPoint version_point(const catalog::Engine& engine, std::string_view text);

/// Whether this is a release later than the newest known one.
bool above_all_known(const catalog::Engine& engine, std::string_view text);

/// Whether this version, build or date came before release `version`, whose development branch had on `date`
/// what is asked for: an Introduction or a Feature of the catalog.
bool came_before(const catalog::Engine& engine, std::string_view text, std::string_view version,
                 std::string_view date);

/// The feature of that name in data/engines where this version came before it, else null: the engine has it,
/// or nothing is said of it.
const catalog::Feature* lacks(const catalog::Engine& engine, std::string_view text, std::string_view feature);

}  // namespace qwenfit::engine
