// .env files, and a compose file that uses what they set.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "plan/readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qwenfit::plan;
  Options options;
  options.environment = parse_environment({reinterpret_cast<const char*>(data), size});
  for (const auto& [name, value] : options.environment) {
    if (name.size() + value.size() > size) __builtin_trap();
  }
  Report report;
  read_text("docker-compose.yml",
            "services:\n  a:\n    image: vllm/vllm-openai\n    command: --model ${MODEL:-Qwen/Qwen3-8B} "
            "--max-model-len $LEN -tp ${TP:-1}\n",
            options, report);
  if (report.deployments.empty()) __builtin_trap();
  return 0;
}
