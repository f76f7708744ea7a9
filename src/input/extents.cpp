#include <algorithm>
#include <unordered_set>

#include "header_reader.hpp"

namespace qwenfit::input {

std::optional<std::int64_t> product(std::int64_t a, std::int64_t b) {
  if (a < 0 || b < 0 || (b > 0 && a > units::kMaxCount / b)) return std::nullopt;
  return a * b;
}

void check_extents(ModelFile& file, std::vector<Extent> extents, Bytes data_bytes, const std::string& name) {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  Bytes end = 0;
  const FileTensor* last = nullptr;
  for (const Extent& e : extents) {
    const FileTensor& tensor = file.tensors[e.tensor];
    if (e.begin < end) bad(name, fmt::format("tensors '{}' and '{}' overlap", last->name, tensor.name));
    end = e.end;
    last = &tensor;
  }
  if (end > 0 && data_bytes == 0) file.header_only = true;
  else if (end > data_bytes)
    bad(name, fmt::format("is truncated: tensor '{}' ends at byte {} of the data, which has {}", last->name,
                          end, data_bytes));
  check_names(file, name);
}

void check_names(const ModelFile& file, const std::string& name) {
  std::unordered_set<std::string_view> names;
  names.reserve(file.tensors.size());
  for (const FileTensor& t : file.tensors) {
    if (!names.insert(t.name).second) bad(name, fmt::format("tensor '{}' is there twice", t.name));
  }
}

std::int64_t ModelFile::elements() const {
  std::int64_t sum = 0;
  for (const FileTensor& t : tensors) sum += t.elements;
  return sum;
}

Bytes ModelFile::tensor_bytes() const {
  Bytes sum = 0;
  for (const FileTensor& t : tensors) sum += t.bytes;
  return sum;
}

}  // namespace qwenfit::input
