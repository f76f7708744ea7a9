// JSON Schema by a library of its own (RapidJSON), so that the schemas are read by other eyes than ours.
#pragma once

#include <string>

/// What `json` violates in data/schema/<name>.schema.json: "#/models/0/id: pattern"; empty when it is valid.
/// A schema that can't be read is a violation too.
std::string violation(const std::string& name, const std::string& json);

/// The text of a file of the repository.
std::string repository_file(const std::string& path);
