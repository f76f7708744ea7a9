// PCI devices: what the kernel says of them, their names, and Vulkan's.
#include "parsers.hpp"
#include "text.hpp"

namespace qwenfit::machine {

PciDevice parse_uevent(std::string_view text) {
  PciDevice device;
  for (const std::string_view line : split(text, '\n')) {
    const auto [key, value] = key_value(line, '=');
    if (key == "DRIVER") device.driver = value;
    else if (key == "PCI_SLOT_NAME") device.bus = lower(value);
    else if (key == "PCI_ID") {
      const auto ids = key_value(value, ':');
      device.vendor = leading_number(ids.key, 16).value_or(0);
      device.device = leading_number(ids.value, 16).value_or(0);
    }
  }
  return device;
}

std::string name_in_pci_ids(std::string_view ids, std::int64_t vendor, std::int64_t device) {
  bool inside = false;
  for (const std::string_view line : split(ids, '\n')) {
    if (line.empty() || line.starts_with('#') || line.starts_with("\t\t")) continue;
    if (!line.starts_with('\t')) {
      if (inside) return "";
      inside = leading_number(line, 16) == vendor;
    } else if (inside && leading_number(line, 16) == device) {
      const auto gap = trimmed(line).find("  ");
      return gap == std::string_view::npos ? "" : std::string(trimmed(trimmed(line).substr(gap)));
    }
  }
  return "";
}

std::vector<VulkanDevice> parse_vulkan_summary(std::string_view text) {
  std::vector<VulkanDevice> devices;
  for (const std::string_view line : split(text, '\n')) {
    if (trimmed(line).starts_with("GPU") && trimmed(line).ends_with(':')) {
      devices.emplace_back();
      continue;
    }
    if (devices.empty()) continue;
    const auto [key, value] = key_value(line, '=');
    VulkanDevice& device = devices.back();
    if (key == "deviceName") device.name = value;
    else if (key == "vendorID") device.vendor = leading_number(value, 16).value_or(0);
    else if (key == "deviceID") device.device = leading_number(value, 16).value_or(0);
    else if (key == "deviceType") device.discrete = value == "PHYSICAL_DEVICE_TYPE_DISCRETE_GPU";
  }
  return devices;
}

}  // namespace qwenfit::machine
