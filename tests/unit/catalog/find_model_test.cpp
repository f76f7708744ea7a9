// Names people write for models.
#include "catch.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"
#include "table.hpp"

using namespace qwenfit;
using catalog::Catalog;

namespace {

struct Expected {
  const char* name;
  const char* model;
  const char* variant;  ///< "" means the record itself
  const char* format;   ///< "" means none
};

void check(const Expected& e) {
  INFO(e.name);
  const auto match = Catalog::builtin().find_model(e.name);
  CHECK(match.model->id == e.model);
  CHECK((match.variant ? std::string(match.variant->name) : "") == e.variant);
  CHECK((match.format ? std::string(match.format->id) : "") == e.format);
}

ErrorCode code_of(const std::string& name) {
  try {
    Catalog::builtin().find_model(name);
  } catch (const Error& e) {
    return e.code();
  }
  FAIL("'" << name << "' was found");
  return ErrorCode::io;
}

std::string sentence_of(const std::string& name) {
  try {
    Catalog::builtin().find_model(name);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("every record and variant answers to its own names") {
  for (const catalog::Model* m : Catalog::builtin().models()) {
    INFO(m->id);
    CHECK(Catalog::builtin().find_model(m->id).model == m);
    CHECK(Catalog::builtin().find_model(m->name).model == m);
    if (!m->hf_id.empty()) CHECK(Catalog::builtin().find_model(m->hf_id).model == m);
    for (const catalog::Variant& v : m->variants) {
      INFO(v.name);
      CHECK(Catalog::builtin().find_model(v.hf_id).variant == &v);
    }
  }
}

TEST_CASE("published files and repositories") {
  const auto rows = read_table("model_names.tsv");
  REQUIRE(rows.size() > 350);
  for (const auto& row : rows) {
    REQUIRE(row.size() == 4);
    const auto empty = [](const std::string& cell) { return cell == "-" ? "" : cell.c_str(); };
    check({row[0].c_str(), row[1].c_str(), empty(row[2]), empty(row[3])});
  }
}

TEST_CASE("models as people type them") {
  check({"Qwen 3 8B", "qwen3-8b", "", ""});
  check({"qwen3 8b instruct", "qwen3-8b", "", ""});
  check({"Qwen2.5 7B Instruct", "qwen2.5-7b", "Qwen2.5-7B-Instruct", ""});
  check({"qwen2.5-vl 7b", "qwen2.5-vl-7b", "", ""});
  check({"qwen2.5vl-7b", "qwen2.5-vl-7b", "", ""});
  check({"qwen36-27b", "qwen3.6-27b", "", ""});
  check({"qwen1_5-1_8b-chat-q4_0.gguf", "qwen1.5-1.8b", "Qwen1.5-1.8B-Chat", "q4_0"});
  check({"Qwen3-30B", "qwen3-30b-a3b", "", ""});
  check({"qwen2-57b", "qwen2-57b-a14b", "", ""});
  check({"qwen3-next", "qwen3-next-80b-a3b-instruct", "", ""});
  check({"qwen3-235b-a22b-2507", "qwen3-235b-a22b-instruct-2507", "", ""});
}

TEST_CASE("Hugging Face repositories and paths") {
  check({"hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M", "qwen3-8b", "", "q4_k_m"});
  check({"hf://Qwen/Qwen3-8B-FP8", "qwen3-8b", "", "fp8"});
  check({"https://huggingface.co/Qwen/Qwen3-8B/tree/main", "qwen3-8b", "", ""});
  check({"https://huggingface.co/unsloth/Qwen3-8B-GGUF/resolve/main/Qwen3-8B-Q5_K_M.gguf", "qwen3-8b", "",
         "q5_k_m"});
  check(
      {"/home/me/.cache/huggingface/hub/models--Qwen--Qwen3-8B/snapshots/b968826d9c46", "qwen3-8b", "", ""});
  check({"/models/Qwen3.8-27B-W4A16-AutoRound", "qwen3.8-27b", "", "w4a16"});
  check({"C:\\models\\Qwen3-8B-Q8_0.gguf", "qwen3-8b", "", "q8_0"});
  check({"Qwen3-8B-GGUF/q6_k.gguf", "qwen3-8b", "", "q6_k"});
  check({"Qwen3-235B-A22B-Instruct-2507-Q4_K_M-00001-of-00003.gguf", "qwen3-235b-a22b-instruct-2507", "",
         "q4_k_m"});
  check({"mmproj-Qwen3-VL-8B-Instruct-F16.gguf", "qwen3-vl-8b-instruct", "", ""});
}

TEST_CASE("Ollama tags") {
  check({"qwen3:8b", "qwen3-8b", "", "q4_k_m"});
  check({"qwen3:8b-q4_K_M", "qwen3-8b", "", "q4_k_m"});
  check({"library/qwen3:8b-q8_0", "qwen3-8b", "", "q8_0"});
  check({"qwen3:latest", "qwen3-8b", "", "q4_k_m"});
  // What Ollama serves under short tags is not always what the words say.
  check({"qwen3:30b", "qwen3-30b-a3b-thinking-2507", "", "q4_k_m"});
  check({"qwen3:30b-a3b-q8_0", "qwen3-30b-a3b", "", "q8_0"});
  check({"qwen3:30b-a3b-instruct-2507-fp16", "qwen3-30b-a3b-instruct-2507", "", "f16"});
  check({"qwen3-coder:30b", "qwen3-coder-30b-a3b-instruct", "", "q4_k_m"});
  check({"qwen2.5-coder:1.5b-instruct-q8_0", "qwen2.5-coder-1.5b", "Qwen2.5-Coder-1.5B-Instruct", "q8_0"});
  check({"qwen2.5:7b", "qwen2.5-7b", "Qwen2.5-7B-Instruct", "q4_k_m"});
  check({"qwen2.5-coder:0.5b-base", "qwen2.5-coder-0.5b", "", "q8_0"});
  check({"qwen2.5vl:7b", "qwen2.5-vl-7b", "", "q4_k_m"});
  check({"qwen3-vl:4b", "qwen3-vl-4b-instruct", "Qwen3-VL-4B-Thinking", "q4_k_m"});
  check({"qwen3.5:2b", "qwen3.5-2b", "", "q8_0"});
  // Q4_0 was the default until Qwen2, and the qwen library holds two generations.
  check({"qwen2:7b", "qwen2-7b", "Qwen2-7B-Instruct", "q4_0"});
  check({"qwen:7b", "qwen1.5-7b", "Qwen1.5-7B-Chat", "q4_0"});
  check({"qwen:14b-text", "qwen1.5-14b", "", "q4_0"});
  check({"qwen:7b-chat-q4_0", "qwen-7b", "Qwen-7B-Chat", "q4_0"});
  check({"qwen:7b-chat-v1.5-q5_K_M", "qwen1.5-7b", "Qwen1.5-7B-Chat", "q5_k_m"});
  check({"codeqwen:7b-code-v1.5-q4_1", "codeqwen1.5-7b", "", "q4_1"});
  check({"deepseek-r1:7b", "deepseek-r1-distill-qwen-7b", "", "q4_k_m"});
  check({"user/qwen3:4b-q4_K_M", "qwen3-4b", "", "q4_k_m"});
  check({"ai/qwen3:0.6B-F16", "qwen3-0.6b", "", "f16"});
  CHECK(code_of("qwen3-coder:480b-cloud") == ErrorCode::unsupported);
}

TEST_CASE("derivatives with the shape of a Qwen") {
  check({"bartowski/DeepSeek-R1-Distill-Qwen-7B-GGUF", "deepseek-r1-distill-qwen-7b", "", "q4_k_m"});
  check({"DeepSeek-R1-0528-Qwen3-8B-Q4_K_M.gguf", "deepseek-r1-0528-qwen3-8b", "", "q4_k_m"});
  check({"uncensoredai_UncensoredLM-DeepSeek-R1-Distill-Qwen-14B-Q4_K_M.gguf", "deepseek-r1-distill-qwen-14b",
         "", "q4_k_m"});
  check({"DeepSeek-V4-Pro-Qwen3.5-4B", "qwen3.5-4b", "", ""});
  check({"adeelahmad/ReasonableQwen3-4B", "qwen3-4b", "", ""});
}

TEST_CASE("formats inside repository names") {
  check({"mlx-community/Qwen3-8B-4bit", "qwen3-8b", "", "mlx-4bit"});
  check({"lmstudio-community/Qwen3-8B-MLX-8bit", "qwen3-8b", "", "mlx-8bit"});
  check({"RedHatAI/Qwen2.5-7B-Instruct-quantized.w4a16", "qwen2.5-7b", "Qwen2.5-7B-Instruct", "w4a16"});
  check({"RedHatAI/Qwen2.5-7B-Instruct-quantized.w8a8", "qwen2.5-7b", "Qwen2.5-7B-Instruct", "w8a8-int8"});
  check({"RedHatAI/Qwen3-8B-FP8-dynamic", "qwen3-8b", "", "fp8-dynamic"});
  check({"neuralmagic/Qwen2-7B-Instruct-FP8", "qwen2-7b", "Qwen2-7B-Instruct", "fp8-tensor"});
  check({"QuantTrio/Qwen3-30B-A3B-Instruct-2507-AWQ", "qwen3-30b-a3b-instruct-2507", "", "awq-int4"});
  check({"cpatonn/Qwen3-Coder-30B-A3B-Instruct-AWQ-4bit", "qwen3-coder-30b-a3b-instruct", "", "awq-int4"});
  check({"nvidia/Qwen3-8B-NVFP4", "qwen3-8b", "", "nvfp4"});
  check({"nvidia/Qwen3-8B-FP4", "qwen3-8b", "", "nvfp4"});
  check({"knoopx/Qwen3.6-35B-A3B-NVFP4-GGUF", "qwen3.6-35b-a3b", "", "gguf-nvfp4"});
  check({"Intel/Qwen3-8B-int4-AutoRound", "qwen3-8b", "", "w4a16"});
  check({"unsloth/Qwen3-8B-unsloth-bnb-4bit", "qwen3-8b", "", "nf4"});
  check({"Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "qwen2.5-7b", "Qwen2.5-7B-Instruct", "gptq-int8"});
  check({"turboderp/Qwen3-8B-exl3:5.0bpw", "qwen3-8b", "", "exl3-5.0bpw"});
  check({"Qwen3-8B-6.0bpw-exl2", "qwen3-8b", "", "exl2-6.0bpw"});
}

TEST_CASE("what a name leaves open is said") {
  const auto note = [](const char* name) { return Catalog::builtin().find_model(name).note; };
  CHECK(note("qwen3-8b").empty());
  CHECK(note("Qwen3-8B-Q4_K_M.gguf").empty());
  CHECK(note("unsloth/Qwen3-8B-GGUF") == "'GGUF' names no quantization: Q4_K_M is assumed");
  CHECK(note("turboderp/Qwen3-8B-exl3") == "'exl3' names no quantization: EXL3 4.0 bpw is assumed");
  CHECK(note("Qwen3-8B-exl3-3.75bpw").find("EXL3 4.0 bpw is calculated for '3.75bpw'") != std::string::npos);
  CHECK(note("Qwen3.6-27B-abliterated") ==
        "'Qwen3.6-27B-abliterated' is taken to have the shape of Qwen3.6-27B");
  CHECK(note("EVA-Qwen2.5-14B-v0.2").find("shape of Qwen2.5-14B") != std::string::npos);
}

TEST_CASE("a format that is not known is kept, not replaced") {
  const auto match = Catalog::builtin().find_model("Qwen3-8B-Q9_K_Z.gguf");
  CHECK(match.model->id == "qwen3-8b");
  CHECK(match.format == nullptr);
  CHECK(match.format_text == "Q9_K_Z");
  CHECK(Catalog::builtin().find_model("Qwen3.6-27B-TQ3_4S.gguf").format_text == "TQ3_4S");
  CHECK(Catalog::builtin().find_model("amd/Qwen3-14B-onnx-hybrid").format_text == "onnx");
}

TEST_CASE("the MTP layers of a file") {
  CHECK(Catalog::builtin().find_model("unsloth/Qwen3.6-27B-MTP-GGUF").mtp);
  CHECK_FALSE(Catalog::builtin().find_model("unsloth/Qwen3.6-27B-GGUF").mtp);
}

TEST_CASE("sizes and lines that do not exist are no models") {
  for (const char* name : {"qwen2.5-2b",
                           "Qwen3-Coder-8B",
                           "qwen3-80b",
                           "unsloth/Qwen3-16B-A3B-GGUF",
                           "mradermacher/Qwen3-72B-Instruct-GGUF",
                           "Qwen3.6-27B-A3B",
                           "qwen257b",
                           "qwen-32b",
                           "cogito-v1-preview-qwen-32B",
                           "Replete-LLM-V2.5-Qwen-14b",
                           "meta-llama/Llama-3-8B",
                           "Qwen-Image",
                           "Q4_K_M",
                           "mmproj-F16.gguf",
                           "gguf",
                           "8b",
                           ":",
                           "/",
                           "...",
                           ""}) {
    INFO(name);
    CHECK(code_of(name) == ErrorCode::unknown_name);
  }
}

TEST_CASE("a miss names what is near, a family its sizes") {
  CHECK(sentence_of("qwen2.5-2b") ==
        "unknown model 'qwen2.5-2b': did you mean qwen2.5-1.5b, qwen2.5-3b or qwen2.5-7b?");
  CHECK(sentence_of("qwn3-8b").find("did you mean qwen3-8b") != std::string::npos);
  CHECK(code_of("qwen3") == ErrorCode::ambiguous);
  CHECK(sentence_of("qwen3") ==
        "'qwen3' comes in sizes: qwen3-0.6b, qwen3-1.7b, qwen3-4b, qwen3-8b, qwen3-14b, qwen3-30b-a3b, "
        "qwen3-32b or qwen3-235b-a22b");
}

TEST_CASE("long and odd names are answered at once") {
  CHECK(code_of(std::string(1 << 20, 'q')) == ErrorCode::unknown_name);
  CHECK(code_of(std::string(1 << 20, '/')) == ErrorCode::unknown_name);
  CHECK(code_of("\xff\xfe\x80") == ErrorCode::unknown_name);
  CHECK(sentence_of(std::string(5000, 'x')).size() < 1000);
}

TEST_CASE("files that can be had answer to their names") {
  const Catalog& catalog = Catalog::builtin();
  REQUIRE(catalog.downloads().size() > 200);
  for (const catalog::Download* d : catalog.downloads()) {
    const catalog::ModelMatch of = catalog.find_model(d->of);
    for (const catalog::Text format : d->formats) {
      const char* between = d->registry == catalog::Registry::ollama ? "-" : ":";
      const std::string name = std::string(d->name) + between + std::string(catalog.format(format)->name);
      INFO(name);
      const catalog::ModelMatch match = catalog.find_model(name);
      CHECK(match.model == of.model);
      REQUIRE(match.format);
      CHECK(match.format->id == format);
    }
  }
}
