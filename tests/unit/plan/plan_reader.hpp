// Deployments of texts and files, read without estimating them.
#pragma once

#include <string>
#include <vector>

#include "catch.hpp"
#include "qwenfit/plan.hpp"

inline qwenfit::plan::Report read_plan(const std::string& file, const std::string& text,
                                       const qwenfit::plan::Options& options = {}) {
  qwenfit::plan::Report report;
  qwenfit::plan::read_text(file, text, options, report);
  return report;
}

inline qwenfit::plan::Report read_sample(const std::string& name) {
  qwenfit::plan::Report report;
  qwenfit::plan::read_path(std::string(QWENFIT_SOURCE_DIR) + "/tests/data/plans/" + name, {}, report);
  return report;
}

inline std::string flag(const qwenfit::plan::Deployment& d, const std::string& name) {
  const auto it = d.flags.find(name);
  return it == d.flags.end() ? "(none)" : it->second.value;
}

inline bool has_finding(const qwenfit::plan::Deployment& d, const std::string& id) {
  for (const auto& f : d.findings) {
    if (f.id == id) return true;
  }
  return false;
}
