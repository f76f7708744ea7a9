// Shell text: words, variables, control flow. Nothing is executed.
#include "catch.hpp"
#include "plan/launch.hpp"
#include "plan/shell_script.hpp"
#include "plan_reader.hpp"

using namespace qwenfit::plan;

namespace {

std::vector<std::string> words_of(const std::string& text) {
  Variables variables;
  std::vector<std::string> out;
  for (const ShellCommand& command : read_shell(text, 1, variables, nullptr)) {
    if (!out.empty()) out.emplace_back("|");
    for (const Word& word : command.words) out.push_back(word.text);
  }
  return out;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("Words: quotes, escapes, comments, operators") {
  CHECK(words_of("a 'b c' \"d e\" f\\ g # h\ni") == Words{"a", "b c", "d e", "f g", "|", "i"});
  CHECK(words_of("a \\\n  b \\\n  # left out \\\n  c") == Words{"a", "b", "c"});
  CHECK(words_of("a > log 2>&1 & b | c && d; e") == Words{"a", "|", "b", "|", "c", "|", "d", "|", "e"});
  CHECK(words_of("cat <<EOF\nnot a command\nEOF\nb") == Words{"cat", "|", "b"});
  CHECK(words_of("a '' b") == Words{"a", "", "b"});
  CHECK(words_of("export A=1 \\\n# a comment ends it\nb $A") == Words{"b", "1"});
}

TEST_CASE("Variables: defaults, arrays, appending, splitting") {
  CHECK(words_of("A=x; a ${A:-y} ${B:-y} \"${C:-z w}\"") == Words{"a", "x", "y", "z w"});
  CHECK(words_of("A=\"x y\"; a $A \"$A\"") == Words{"a", "x", "y", "x y"});
  CHECK(words_of("A=(x 'y z'\n# no\n w); A+=(v); a \"${A[@]}\" end") ==
        Words{"a", "x", "y z", "w", "v", "end"});
  CHECK(words_of("A=x; A+=y; a $A") == Words{"a", "xy"});
  CHECK(words_of("A=${B:-${C:-${D:-deep}}}; a $A") == Words{"a", "deep"});
  CHECK(words_of("E=(); a \"${E[@]}\" b") == Words{"a", "b"});
  CHECK(words_of("set -- \"$@\" x y; a \"$@\"").back() == "y");
  CHECK(words_of("a ${1:-one}") == Words{"a", "one"});
}

TEST_CASE("What only a running shell could tell is named") {
  Variables variables;
  const auto commands =
      read_shell("a --tp $(nvidia-smi -L | wc -l) --model $MODEL x$(id)y", 1, variables, nullptr);
  REQUIRE(commands.size() == 1);
  const auto& words = commands[0].words;
  REQUIRE(words.size() == 6);
  CHECK(words[2].unresolved == Words{"$(nvidia-smi -L | wc -l)"});
  CHECK(words[4].unresolved == Words{"$MODEL"});
  CHECK(words[5].text == "x$(id)y");
}

TEST_CASE("Branches: what may hold another value is uncertain, what one branch uses is its own") {
  Variables variables;
  const auto commands = read_shell(
      "if t; then A=1; use $A; else A=2; fi\nb $A\nC=0\nif t; then C=0; fi\nc $C", 1, variables, nullptr);
  const auto word = [&](std::string_view name) {
    for (const ShellCommand& command : commands) {
      if (command.words[0].text == name) return command.words.at(1);
    }
    return Word{};
  };
  CHECK(word("use").text == "1");
  CHECK(word("use").unresolved.empty());
  CHECK(word("b").unresolved.size() == 1);
  CHECK(word("c").text == "0");
  CHECK(word("c").unresolved.empty());
}

TEST_CASE("A variable that holds a command falls apart, and keeps what is uncertain where it is") {
  Variables variables;
  const auto commands = read_shell(
      "if t; then L=1; else L=2; fi\nCMD=\"vllm serve Qwen/Qwen3-8B --max-model-len $L --seed 1\"\nexec $CMD",
      1, variables, nullptr);
  const auto& words = commands.back().words;
  REQUIRE(words.size() == 8);
  CHECK(words[3].unresolved.empty());
  CHECK(words[5].unresolved.size() == 1);
  CHECK(words[7].unresolved.empty());
}

TEST_CASE("Engines are found through what wraps them") {
  const auto engine = [](const std::string& text) {
    Variables variables;
    const auto launches = launches_of_script(text, 1, variables);
    return launches.empty() ? std::string("none")
                            : std::string(engine_id(launches[0].engine)) + " " +
                                  (launches[0].args.empty() ? "" : launches[0].args[0].text);
  };
  CHECK(engine("nohup /opt/bin/vllm serve m &") == "vllm m");
  CHECK(engine("uv run vllm serve m") == "vllm m");
  CHECK(engine("python3 -m vllm.entrypoints.openai.api_server --model m") == "vllm --model");
  CHECK(engine("CUDA_VISIBLE_DEVICES=0 python -m sglang.launch_server --model-path m") ==
        "sglang --model-path");
  CHECK(engine("bash -lc \"cd /x && exec llama-server -m f.gguf\"") == "llama.cpp -m");
  CHECK(engine("docker run --gpus all -p 8000:8000 -v a:b vllm/vllm-openai:v1 --model m") == "vllm --model");
  CHECK(engine("docker run -it --rm ghcr.io/ggml-org/llama.cpp:server-cuda -m f.gguf") == "llama.cpp -m");
  CHECK(engine("docker exec c ollama run qwen3:8b") == "ollama qwen3:8b");
  CHECK(engine("trtllm-serve m --tp_size 2") == "tensorrt-llm m");
  CHECK(engine("sh -c 'exec vllm serve \"$@\"' -- m --x") == "vllm m");
  CHECK(engine("echo vllm serve m") == "none");
  CHECK(engine("pkill -f 'vllm serve'") == "none");
  CHECK(engine("docker run --name vllm nginx") == "none");
}

TEST_CASE("Bombs stay small") {
  Variables variables;
  std::string script = "A=xxxxxxxxxxxxxxxx\n";
  for (int i = 0; i < 60; ++i) script += "A=$A$A$A$A\n";
  read_shell(script + "vllm serve $A", 1, variables, nullptr);
  CHECK(variables.find("A").words.at(0).text.size() <= 4U * 65536);
  std::string nested;
  for (int i = 0; i < 3000; ++i) nested += "${A" + std::to_string(i) + ":-";
  CHECK(expand(nested + std::string(3000, '}'), Dialect::shell, variables).text.size() < 100000);
  std::string quotes = "vllm serve ";
  for (int i = 0; i < 200; ++i) quotes += "bash -c \"";
  CHECK(launches_of_script(quotes, 1, variables).size() <= 1);
}

TEST_CASE("Text that ends in the middle of something") {
  for (const char* text : {"case a\\", "vllm serve \"a\\", "x='a", "\"", "a `b", "case 'a", "vllm serve $",
                           "A=(a", "a <<E", "a > ", "${"}) {
    Variables variables;
    INFO(text);
    CHECK(launches_of_script(text, 1, variables).size() <= 1);
    CHECK(launches_of_script(std::string("bash -c \"") + text, 1, variables).size() <= 1);
  }
}

TEST_CASE("Brackets that never close leave a value open, not a literal dollar") {
  for (const char* value : {"$($(", "$(nproc", "${LEN:-8192", "\"$(\"", "1$(("}) {
    INFO(value);
    const qwenfit::plan::Report r =
        read_plan("a.sh", std::string("vllm serve Qwen/Qwen3-8B --max-model-len ") + value);
    REQUIRE(r.deployments.size() == 1);
    const Deployment& d = r.deployments[0];
    REQUIRE(d.unresolved.size() == 1);
    CHECK_THAT(d.unresolved[0], ContainsText("without its end"));
    CHECK_FALSE(d.scenario.context);
    CHECK_FALSE(has_finding(d, "invalid-flag"));
  }
}
