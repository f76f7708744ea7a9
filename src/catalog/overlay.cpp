// What an overlay brings, without keeping it.
#include "catalog_impl.hpp"

namespace qwenfit::catalog {

std::vector<OverlayRecord> overlay_records(const Catalog& base, const std::string& path) {
  // Changed records are read over those of the base, so these have to be there.
  const Records before = copy_records(base);
  Records records = before;
  Arena arena;
  Origins origins;
  read_files(path, records, arena, origins);

  std::vector<OverlayRecord> out;
  std::vector<std::size_t> sizes;
  for_each_list(before, [&](const char*, const auto& list) { sizes.push_back(list.size()); });
  std::size_t kind = 0;
  for_each_list(records, [&](const char*, const auto& list) {
    using Record = typename std::remove_cvref_t<decltype(list)>::value_type;
    const std::string name(kind_of<Record>());
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto origin = origins.find(name + " " + std::string(list[i].id));
      if (origin != origins.end())
        out.push_back({name, std::string(list[i].id), origin->second, i < sizes[kind]});
    }
    ++kind;
  });
  return out;
}

}  // namespace qwenfit::catalog
