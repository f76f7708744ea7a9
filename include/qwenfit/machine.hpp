// What hardware is here: graphics cards, processor and memory of a machine, as the tools and files of its
// operating system tell them, and which entries of the catalog they are.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/catalog.hpp"
#include "qwenfit/units.hpp"

namespace qwenfit::machine {

/// What a program printed, and how it ended.
struct Output {
  std::string text;
  int exit_code = 0;
  std::string stopped;  ///< why it was not let to its end: "no answer within 10 seconds"; else empty

  bool well() const { return exit_code == 0 && stopped.empty(); }
};

/// Where facts come from. Programs that are not installed have no output; files that can't be read have no
/// text. Nothing throws.
class Source {
 public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// What a program prints, at most a few MiB of it. `command` holds its name and arguments; no shell is
  /// involved.
  virtual std::optional<Output> output(const std::vector<std::string>& command) = 0;
  /// The text of a file, at most a few MiB of it.
  virtual std::optional<std::string> file(const std::string& path) = 0;
  /// Names in a folder, sorted; none when there is no such folder.
  virtual std::vector<std::string> names(const std::string& folder) = 0;
};

/// The machine that this program runs on.
std::unique_ptr<Source> this_machine();

/// Another machine, from a folder: a program's output is the file of its name ("nvidia-smi"; with one
/// argument also "nvidia-smi -L"), files stand under their paths ("proc/meminfo"). Lines "# ..." at a file's
/// start are no part of it.
/// @throws Error(io) when there is no such folder.
std::unique_ptr<Source> recorded_machine(const std::string& folder);

/// The catalog's entry for a part, where it has one.
struct Match {
  const catalog::Device* device = nullptr;
  std::optional<double> memory_gb;  ///< chosen among the sizes that the device comes in
  std::string note;                 ///< what was assumed; often empty
};

struct Gpu {
  std::string name;    ///< as the tool has it
  std::string source;  ///< "nvidia-smi", "rocm-smi", "amdgpu" ...
  catalog::Vendor vendor = catalog::Vendor::generic;
  std::string bus;              ///< PCI address, "0000:03:00.0"; empty where there is none
  std::string driver;           ///< version, or name of the kernel's driver
  std::optional<Bytes> memory;  ///< as the driver reports it; of unified ones what the GPU may use
  std::optional<Bytes> free;    ///< now
  bool unified = false;         ///< its memory is the machine's
  Bytes carved = 0;             ///< of unified ones: what the firmware took from the machine's memory for it
  std::string slice;            ///< MIG profile, "1g.10gb", where this is not the whole card
  std::optional<int> cores;     ///< Apple: GPU cores
  Match match;
};

/// One memory module.
struct Module {
  Bytes size = 0;
  std::string type;        ///< "DDR5"
  int mega_transfers = 0;  ///< configured speed, MT/s; 0: unknown
  int width_bits = 0;      ///< data width; 0: unknown
  std::string channel;     ///< what of its place names the channel; empty: unknown
};

struct Processor {
  std::string name;
  int sockets = 0;  ///< 0: unknown, likewise below
  int cores = 0;    ///< physical, all sockets
  int threads = 0;
  int usable_threads = 0;                ///< what affinity and control groups leave of them to this program
  double mega_hertz = 0;                 ///< highest that is known
  std::vector<std::string> vector_sets;  ///< of those that engines use: "AVX2", "AVX-512", "AMX", "NEON" ...
  Match match;
};

struct Memory {
  std::optional<Bytes> total;      ///< what the machine has, or the control group may use of it
  std::optional<Bytes> available;  ///< without swapping, now
  int numa_nodes = 0;              ///< 0: unknown
  std::vector<Module> modules;     ///< empty: unknown
  /// All channels of the modules together, 10^9 bytes a second; unknown where their channels are.
  std::optional<double> bandwidth_gb_s;
  std::optional<double> measured_gb_s;  ///< by `measure_bandwidth`
};

struct Machine {
  std::string
      board;  ///< what the firmware calls the machine, where that tells the chip (Jetson, Raspberry Pi)
  std::vector<Gpu> gpus;
  Processor processor;
  Memory memory;
  std::vector<std::string> notes;
};

/// Looks at everything that `source` has and matches it to the catalog.
Machine detect(const catalog::Catalog& catalog, Source& source);

/// Reads memory with all processors that this program may use for less than two seconds. 10^9 bytes a second;
/// nothing when there is not enough free memory for a buffer larger than the caches.
/// @param cache_bytes of the last level, all together; 0: unknown
/// @param usable_threads as `Processor` has them; 0: unknown
std::optional<double> measure_bandwidth(const Memory& memory, Bytes cache_bytes, int usable_threads);

/// Last-level caches of all processors together; 0 when unknown.
Bytes last_cache_bytes(Source& source);

/// Whether a device's name means this machine: "auto", "auto-cpu", "auto-gpu0" ..., whatever the case and the
/// dashes.
bool names_this_machine(std::string_view name);

/// A device as estimates use it.
struct LocalDevice {
  const catalog::Device* device = nullptr;
  std::optional<double> memory_gb;  ///< chosen among the sizes the device comes in
  std::optional<Bytes> capacity;    ///< where the machine says something else than the catalog
  std::optional<Bytes> free;        ///< now
  std::string note;                 ///< what was assumed, and what is free
  std::string aside;                ///< why "auto" is without it, though "auto-gpu1" is not; often empty
};

/// A machine as estimates use it. Parts that the catalog has not are records made of what the machine says.
struct LocalDevices {
  std::vector<LocalDevice> gpus;
  LocalDevice processor;
  std::string host_name;
  std::optional<double> host_bandwidth_gb_s;
  std::optional<Bytes> host_memory;     ///< available now
  std::string host_note;                ///< where its figures are from
  std::vector<std::string> notes;       ///< what was left out
  std::shared_ptr<const void> records;  ///< keeps what the devices point to
};

/// Graphics cards that engines can use, in the tools' order; integrated ones that the catalog does not know
/// are left out, with a note. Integrated ones beside a card, and all MIG slices but the first, stand aside.
LocalDevices local_devices(const Machine& machine);

}  // namespace qwenfit::machine
