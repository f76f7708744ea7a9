// Helm and Jinja templates as plain YAML: defaults are taken, what has none stays open.
#pragma once

#include <string>
#include <string_view>

namespace qwenfit::plan {

bool is_template(std::string_view text);

/// `text` with every line in its place. "{{ .Values.x | default 4 }}" becomes 4, "{{ .Values.x }}" becomes
/// "$(.Values.x)", which no variable resolves; lines that only steer the template become empty.
std::string plain_template(std::string_view text);

}  // namespace qwenfit::plan
