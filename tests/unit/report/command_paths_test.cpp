// Folders and files whose names a shell or YAML would take for more than a name: what is written is read
// back.
#include "catch.hpp"
#include "plan/yaml_tree.hpp"
#include "qwenfit/command.hpp"
#include "qwenfit/plan.hpp"
#include "report/command.hpp"

using namespace qwenfit;

namespace {

const char* const kFolders[] = {"/data/my models", "/data/a: b", "/data/it's",       "/data/say \"hi\"",
                                "/data/# 1",       "/data/{a}",  "/data/back\\slash"};
constexpr auto kFile = "Qwen3-8B-Q4_K_M.gguf";

/// A start of llama.cpp or Ollama on a file of `folder`.
struct Start {
  Estimate estimate;
  plan::StartCommand command;

  Start(const std::string& engine, const std::string& folder, const std::string& file = kFile) {
    Estimator estimator(catalog::Catalog::builtin());
    Scenario s;
    s.model = "qwen3-8b";
    s.format = "q4_k_m";
    s.engine = engine;
    s.devices = {{"rtx-4090", 1}};
    s.context = 8192;
    estimate = estimator.estimate(s);
    command = plan::command_for(estimator, s, estimate);
    const std::string before = command.model;
    command.model = folder + "/" + file;
    command.model_is_file = true;
    for (auto& option : command.options) {
      if (option[0] == "-hf") option = {"-m", command.model};
      for (std::string& word : option) {
        if (word == before) word = command.model;
      }
    }
    if (!command.modelfile.empty()) command.modelfile.front() = "FROM " + command.model;
  }
};

/// What `check` reads of `text`: one deployment, whose model is `path`.
void is_read_back(const std::string& file, const std::string& text, const std::string& path) {
  plan::Report report;
  plan::read_text(file, text, {}, report);
  INFO(text);
  REQUIRE(report.deployments.size() == 1);
  const plan::Deployment& d = report.deployments[0];
  CHECK(d.model == path);
  CHECK(d.model_id == "qwen3-8b");
  CHECK(d.scenario.format == "q4_k_m");
  CHECK(d.scenario.context == 8192);
}

}  // namespace

TEST_CASE("folders with blanks, colons and quotes are read back from a script") {
  for (const std::string folder : kFolders) {
    for (const std::string engine : {"llama.cpp", "ollama"}) {
      const Start start(engine, folder);
      is_read_back("start.sh", report::command_shell(start.command, start.estimate), folder + "/" + kFile);
    }
  }
}

TEST_CASE("folders with blanks, colons and quotes are read back from a compose file") {
  std::vector<std::string> folders(std::begin(kFolders), std::end(kFolders));
  folders.emplace_back("/data/$HOME/x");
  for (const std::string& folder : folders) {
    const Start start("llama.cpp", folder);
    const std::string text = report::command_compose(start.command, start.estimate);
    is_read_back("compose.yaml", text, std::string("/models/") + kFile);
    const plan::YamlPtr root = plan::parse_yaml(text, 1);
    const plan::YamlNode& volumes = (*(*root)["services"].members.at(0).second)["volumes"];
    REQUIRE(volumes.items.size() == 2);
    std::string written = folder;  // compose has a dollar sign doubled
    if (const auto at = written.find('$'); at != std::string::npos) written.insert(at, "$");
    CHECK((*volumes.items[1])["source"].text == written);
  }
}

TEST_CASE("file names with blanks, colons and quotes are read back from containers") {
  for (const std::string name : {"my Qwen3-8B-Q4_K_M.gguf", "x: Qwen3-8B-Q4_K_M.gguf",
                                 "it's \"a\" Qwen3-8B-Q4_K_M.gguf", "# Qwen3-8B-Q4_K_M.gguf"}) {
    const Start start("llama.cpp", "/data", name);
    is_read_back("compose.yaml", report::command_compose(start.command, start.estimate), "/models/" + name);
    is_read_back("deployment.yaml", report::command_kubernetes(start.command, start.estimate),
                 "/models/" + name);
  }
}
