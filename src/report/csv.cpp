// An estimate as one row: --csv. The columns are listed in docs/output.md.
#include "report.hpp"

namespace qwenfit::report {
namespace {

/// Collects the columns and the cells of the one row together.
class Row {
 public:
  Row() { table_.rows.emplace_back(); }

  void text(std::string key, std::string_view value) {
    add(std::move(key), value.empty() ? Value() : Value(std::string(value)));
  }
  template <class T>
  void figure(const std::string& key, const T& value) {
    add(key, Value(value));
  }
  template <class T>
  void figure(const std::string& key, const std::optional<T>& value) {
    add(key, value ? Value(*value) : Value());
  }
  /// Bytes, where 0 means that there is no such part.
  void part(std::string key, Bytes bytes) { add(std::move(key), bytes != 0 ? Value(bytes) : Value()); }
  void speed(const std::string& key, const speed::Figure* f, bool range) {
    const bool known = f && f->value > 0;
    add(key, known ? Value(f->value) : Value());
    if (!range) return;
    add(key + "_low", known ? Value(f->low) : Value());
    add(key + "_high", known ? Value(f->high) : Value());
  }
  Table take() { return std::move(table_); }

 private:
  void add(std::string key, Value value) {
    table_.columns.push_back({std::move(key), ""});
    Cell cell;
    cell.value = std::move(value);
    table_.rows.front().push_back(std::move(cell));
  }

  Table table_;
};

}  // namespace

Table estimate_row(const Estimate& e) {
  Row row;
  row.text("id", e.scenario.id);
  row.text("model", e.setup.model->id);
  row.text("format", e.setup.weights->format->id);
  row.text("engine", e.setup.engine->id);
  row.text("backend", e.scenario.backend.value_or(""));
  std::string devices;
  for (const DeviceRequest& d : e.scenario.devices) devices += (devices.empty() ? "" : " + ") + d.name;
  row.text("device", devices);
  row.figure("device_count",
             devices.empty() ? Value() : Value(static_cast<std::int64_t>(e.setup.devices.size())));
  row.figure("context", e.setup.context);
  row.figure("concurrency", e.setup.concurrency);
  row.text("kv_type", e.scenario.kv_type.value_or(""));
  row.figure("parameters", e.model.parameters);
  row.figure("active_parameters", e.model.active_parameters);
  row.figure("bits_per_weight", e.weights.bits_per_weight);
  row.figure("file_bytes", e.weights.file_bytes);

  const engine::DeviceMemory sum = e.memory.all_devices();
  row.part("weights_bytes", sum.weights);
  row.part("kv_cache_bytes", sum.kv_cache);
  row.part("recurrent_state_bytes", sum.recurrent_state);
  row.part("compute_bytes", sum.compute);
  row.part("graphs_bytes", sum.graphs);
  row.part("runtime_bytes", sum.runtime);
  row.part("host_bytes", e.memory.host.total());
  row.figure("total_bytes", e.memory.total());
  row.part("usable_bytes", sum.usable);

  const bool judged = e.fit.verdict != Verdict::unknown;
  row.figure("fits", judged ? Value(e.fit.fits) : Value());
  row.text("verdict", verdict_name(e.fit.verdict));
  row.figure("max_context", e.fit.max_context);
  row.figure("max_concurrency", e.fit.max_concurrency);

  const speed::Speed* s = e.speed ? &*e.speed : nullptr;
  row.speed("decode_tok_s", s ? &s->decode_tok_s : nullptr, true);
  row.speed("decode_tok_s_total", s ? &s->decode_tok_s_total : nullptr, false);
  row.speed("itl_ms", s ? &s->itl_ms : nullptr, false);
  row.speed("prefill_tok_s", s ? &s->prefill_tok_s : nullptr, true);
  row.speed("ttft_ms", s ? &s->ttft_ms : nullptr, true);
  row.text("bound", s ? speed::bound_name(s->bound) : "");
  row.text("confidence", s ? speed::confidence_name(s->confidence) : "");
  row.figure("usd_per_hour", e.cost ? e.cost->usd_per_hour : std::nullopt);
  row.figure("usd_per_million_output_tokens", e.cost ? e.cost->usd_per_million_output_tokens : std::nullopt);
  row.text("reason", e.fit.reason);
  return row.take();
}

}  // namespace qwenfit::report
