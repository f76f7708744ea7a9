// Names people type -> models and devices.
#include <fmt/format.h>

#include "catalog_impl.hpp"
#include "nearest.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::catalog {

ModelMatch Catalog::find_model(std::string_view name) const {
  const auto found = find_entries(impl_->names, NameKind::model, fold_model_name(name));
  if (!found.empty()) {
    const Model* model = impl_->models[static_cast<std::size_t>(found.front().record)];
    const auto variant = found.front().variant;
    return {model, variant < 0 ? nullptr : &model->variants[static_cast<std::size_t>(variant)], nullptr, ""};
  }
  std::vector<std::string_view> known;
  for (const Model* m : impl_->models) known.push_back(m->id);
  throw Error(ErrorCode::unknown_name, fmt::format("unknown model '{}'{}", name, did_you_mean(name, known)));
}

DeviceMatch Catalog::find_device(std::string_view name) const {
  const auto found = find_entries(impl_->names, NameKind::device, fold_name(name));
  if (!found.empty())
    return {impl_->devices[static_cast<std::size_t>(found.front().record)], std::nullopt, 1};
  std::vector<std::string_view> known;
  for (const Device* d : impl_->devices) known.push_back(d->id);
  throw Error(ErrorCode::unknown_device,
              fmt::format("unknown device '{}'{}", name, did_you_mean(name, known)));
}

}  // namespace qwenfit::catalog
