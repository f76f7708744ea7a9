// What an overlay brings, without keeping it.
#include "catalog_impl.hpp"

namespace qwenfit::catalog {

std::vector<OverlayRecord> overlay_records(const Catalog& base, const std::string& path) {
  Arena arena;
  Records records;
  Origins origins;
  // Changed records are read over those of the base, so these have to be there.
  const auto copy = [](auto& into, const auto& from) {
    for (const auto* record : from) into.push_back(*record);
  };
  copy(records.models, base.models());
  copy(records.devices, base.devices());
  copy(records.formats, base.formats());
  copy(records.dtypes, base.dtypes());
  copy(records.engines, base.engines());
  Records before = records;
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
