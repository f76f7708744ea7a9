// The comparison of weight formats as a table.
#include <fmt/format.h>

#include "questions.hpp"

namespace qwenfit::report {
namespace {

/// GB with one decimal; a whole figure stands without, as the pages of the textbook formula print it.
std::string short_gb(Bytes bytes) {
  const double gb = units::to_gb(bytes);
  return bytes % 1'000'000'000 == 0 ? fmt::format("{:.0f} GB", gb) : fmt::format("{:.1f} GB", gb);
}

Cell share(const std::optional<double>& value, int decimals) {
  return value ? Cell(fmt::format("{:.{}f}%", *value * 100, decimals), *value) : Cell();
}

/// The columns that depend on what is known: with a device its verdict and speed, with scores those.
struct ShownFormats {
  bool device = false;
  bool speed = false;
  bool retention = false;
  bool accuracy = false;
  bool divergence = false;

  explicit ShownFormats(const QuantsAnswer& answer) {
    for (const Quant& q : answer.quants) {
      device = device || q.verdict;
      speed = speed || q.speed;
      // What is said of unquantized weights alone compares nothing.
      if (q.format->scheme == catalog::Scheme::plain) continue;
      retention = retention || q.quality.retention;
      accuracy = accuracy || q.quality.accuracy_kept;
      divergence = divergence || q.quality.kl_divergence;
    }
  }
};

std::vector<Column> columns_of(const ShownFormats& shown, bool textbook) {
  const auto rank = [&](int text_rank) { return textbook ? -1 : text_rank; };
  std::vector<Column> columns{
      {"format", "Quantization"},
      {"bits_per_weight", "Bits", Align::right, false, shown.accuracy && !textbook ? 2 : 0},
      {"memory_bytes", "VRAM", Align::right},
      {"full_context_memory_bytes", "+ Context", Align::right},
      {"file_bytes", "File Size", Align::right, false, 5}};
  if (shown.device) columns.push_back({"verdict", "Fit"});
  if (shown.speed) columns.push_back({"decode_tok_s", "tok/s", Align::right});
  if (shown.accuracy) columns.push_back({"accuracy_kept", "Accuracy", Align::right, false, rank(0)});
  if (shown.divergence) columns.push_back({"kl_divergence", "KL div.", Align::right, false, rank(2)});
  if (shown.retention) columns.push_back({"retention", "Score", Align::right, false, rank(3)});
  columns.push_back({"quality", "Quality", Align::left, true, textbook ? 1 : 4});
  columns.push_back({"quality_source", "", Align::left, false, -1});
  if (shown.accuracy) {
    columns.push_back({"benchmarks", "", Align::left, false, -1});
    columns.push_back({"official", "", Align::left, false, -1});
    columns.push_back({"benchmarks_source", "", Align::left, false, -1});
  }
  columns.push_back({"recommended", "", Align::left, false, -1});
  return columns;
}

void add_notes(Table& table, const QuantsAnswer& answer, const ShownFormats& shown, bool textbook) {
  if (answer.recommended) table.notes.push_back(fmt::format("★ {}", answer.advice));
  else if (!answer.advice.empty()) table.notes.push_back(answer.advice);
  const Quant& first = answer.quants.front();
  std::string sizes = textbook ? "GB is 10^9 bytes."
                               : fmt::format("GB is 10^9 bytes. VRAM: with a context of {} tokens.",
                                             units::format_grouped(first.context));
  table.notes.push_back(fmt::format("{} + Context: with all {} tokens the model takes.", sizes,
                                    units::format_grouped(first.full_context)));
  if (textbook) return;
  if (answer.fills_memory)
    table.notes.emplace_back(
        "The engine fills its share of the device whatever the format: what weights do not take is KV "
        "cache.");
  if (shown.speed) table.notes.emplace_back("tok/s: tokens a second of one sequence, without the prompt.");
  if (shown.accuracy) {
    for (const Quant& q : answer.quants) {
      if (!q.quality.accuracy_kept || *q.quality.accuracy_kept == 1) continue;
      table.notes.push_back(
          fmt::format("Accuracy: share of the unquantized model's scores kept, {} ({}: {}).",
                      q.quality.official ? "official figures" : q.quality.accuracy_source, q.format->name,
                      q.quality.benchmarks));
      break;
    }
  }
  if (shown.divergence) {
    table.notes.push_back(
        fmt::format("KL div.: how far predictions move from the unquantized model's, measured on {} ({}).",
                    answer.kl_table->label, answer.kl_table->source));
  }
  if (shown.retention)
    table.notes.emplace_back("Score: by the web page that the sentence is from, its method unknown.");
  if (shown.accuracy + shown.divergence + shown.retention > 1)
    table.notes.emplace_back("Accuracy, KL div. and Score do not compare with each other.");
}

}  // namespace

void Lowered::add(const Run& run, std::string_view what) {
  if (!run.max_num_seqs) return;
  if (count_++ > 0) return;
  first_ = what;
  max_num_seqs_ = *run.max_num_seqs;
}

void Lowered::add_note(Table& table) const {
  if (count_ == 0) return;
  table.notes.push_back(fmt::format(
      "{} only with --max-num-seqs {}, {} first: for its default of sequences vLLM would set aside more than "
      "there is room for.",
      count_, max_num_seqs_, first_));
}

void add_left_out(Table& table, const std::vector<LeftOut>& left_out) {
  for (const LeftOut& l : left_out)
    table.notes.push_back(
        fmt::format("{} left out, {} first: {}.", units::format_grouped(l.count), l.what, l.reason));
}

Table quants_table(const QuantsAnswer& answer, bool textbook) {
  Table table;
  const ShownFormats shown(answer);
  table.columns = columns_of(shown, textbook);
  for (std::size_t i = 0; i < answer.quants.size(); ++i) {
    const Quant& q = answer.quants[i];
    const bool star = answer.recommended == i;
    const std::string id(q.format->id);
    std::vector<Cell> row{Cell(fmt::format("{}{}", q.format->name, star && !textbook ? " ★" : ""), id),
                          Cell(fmt::format("{:.2f}", q.bits), q.bits), Cell(short_gb(q.memory), q.memory),
                          q.full_memory ? Cell(short_gb(*q.full_memory), *q.full_memory) : Cell(),
                          Cell(fmt::format("{:.2f} GB", units::to_gb(q.file_bytes)), q.file_bytes)};
    if (star && !textbook) row.front().tone = Tone::strong;
    if (shown.device) {
      const std::string verdict(verdict_name(q.verdict.value_or(Verdict::unknown)));
      row.emplace_back(verdict, verdict, tone_of(q.verdict.value_or(Verdict::unknown)));
    }
    if (shown.speed) {
      row.push_back(
          q.speed && q.speed->decode_tok_s.value > 0
              ? Cell(fmt::format("{:.0f}", q.speed->decode_tok_s.value), q.speed->decode_tok_s.value)
              : Cell());
    }
    if (shown.accuracy) row.push_back(share(q.quality.accuracy_kept, 1));
    if (shown.divergence) {
      const auto& kl = q.quality.kl_divergence;
      row.push_back(kl ? Cell(fmt::format("{:.4f}", *kl), *kl) : Cell());
    }
    if (shown.retention) row.push_back(share(q.quality.retention, 0));
    row.push_back(text_cell(q.format->quality));
    row.push_back(text_cell(q.format->quality_source));
    if (shown.accuracy) {
      row.push_back(text_cell(q.quality.benchmarks));
      row.push_back(q.quality.accuracy_kept ? Cell("", q.quality.official) : Cell());
      row.push_back(text_cell(q.quality.accuracy_source));
    }
    row.emplace_back("", star);
    table.rows.push_back(std::move(row));
  }
  if (!answer.quants.empty()) add_notes(table, answer, shown, textbook);
  if (!textbook) add_left_out(table, answer.left_out);
  return table;
}

}  // namespace qwenfit::report
