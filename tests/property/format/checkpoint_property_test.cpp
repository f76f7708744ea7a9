// What holds for every model in every checkpoint format.
#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/format.hpp"

using namespace qwenfit;
using format::Weights;
using model::Part;

namespace {

template <class F>
void for_each_model(F&& check) {
  for (const catalog::Model* model : catalog::Catalog::builtin().models()) {
    if (model->arch != catalog::Arch::unknown) check(*model);
  }
}

Weights make(const catalog::Model& model, const catalog::WeightFormat& format) {
  return format::quantize(catalog::Catalog::builtin(), model, format);
}

}  // namespace

TEST_CASE("checkpoints: parts and copies add up, and quantizing never costs") {
  const catalog::Catalog& all = catalog::Catalog::builtin();
  const catalog::WeightFormat& bf16 = *all.format("bf16");
  for_each_model([&](const catalog::Model& model) {
    const Weights plain = make(model, bf16);
    for (const catalog::WeightFormat* format : all.formats()) {
      if (format::layout_of(*format) == model::Layout::gguf) continue;
      INFO(model.id << " in " << format->id);
      const Weights w = make(model, *format);
      Bytes parts = w.stored_copies();
      for (const Part part :
           {Part::text, Part::mtp, Part::vision, Part::audio, Part::talker, Part::code2wav, Part::ngram}) {
        parts += w.part_bytes(part);
      }
      CHECK(parts == w.total());
      CHECK(w.part_bytes(Part::text) > 0);
      CHECK(w.part_bytes(Part::vision) <= plain.part_bytes(Part::vision) * (format->id == "f32" ? 2 : 1));
      REQUIRE(w.file_bytes);
      CHECK(*w.file_bytes > w.total());
      if (format->bits < 10) CHECK(w.part_bytes(Part::text) < plain.part_bytes(Part::text));
    }
  });
}

TEST_CASE("checkpoints: more bits of one family weigh more") {
  const catalog::Catalog& all = catalog::Catalog::builtin();
  const std::vector<std::vector<std::string>> families = {
      {"gptq-int4", "gptq-int8", "bf16", "f32"},
      {"w4a16", "w8a16", "bf16"},
      {"nf4", "bnb-int8"},
      {"mlx-2bit", "mlx-3bit", "mlx-4bit", "mlx-5bit", "mlx-6bit", "mlx-8bit"},
      {"mlx-4bit-g128", "mlx-4bit", "mlx-4bit-g32"},
      {"exl3-2.0bpw", "exl3-3.0bpw", "exl3-4.0bpw", "exl3-6.0bpw", "exl3-8.0bpw"}};
  for_each_model([&](const catalog::Model& model) {
    for (const auto& family : families) {
      Bytes before = 0;
      for (const std::string& id : family) {
        INFO(model.id << " in " << id);
        const Bytes bytes = make(model, *all.format(id)).part_bytes(Part::text);
        CHECK(bytes > before);
        before = bytes;
      }
    }
  });
}
