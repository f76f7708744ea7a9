// Readers of files: text -> workloads -> deployments of a report. One file each.
#pragma once

#include "workload.hpp"

namespace qwenfit::plan {

/// A file that is being read.
struct Source {
  std::string file;
  std::string_view text;
  const Options& options;
  Report& report;
};

/// Adds what a command line starts. `base` holds the file and what surrounds the command.
void add_launch(const Launch& launch, const Deployment& base, const Source& source);

/// "all", "2", "device=0,1", "0,1": which cards a container or process sees.
void take_gpu_list(const std::string& text, int line, const std::string& resource, Workload& workload);

/// Shell scripts.
void read_shell_file(const Source& source);

}  // namespace qwenfit::plan
