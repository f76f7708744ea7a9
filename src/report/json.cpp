// The JSON contract, key by key.
#include "estimate/scenario_fields.hpp"
#include "json_writer.hpp"
#include "report.hpp"

namespace qwenfit::report {
namespace {

constexpr int kSchema = 1;

template <class R>
void write_member(JsonWriter& json, const R& record, std::string_view key, const Member<R>& member) {
  std::visit(
      [&](auto pointer) {
        const auto& value = record.*pointer;
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          if (!value.empty()) json.member(key, value);
        } else if constexpr (std::is_same_v<T, std::vector<double>>) {
          if (value.empty()) return;
          json.key(key).begin_array();
          for (const double v : value) json.value(v);
          json.end_array();
        } else if constexpr (std::is_same_v<T, bool>) {
          if (value) json.member(key, value);
        } else {
          json.member(key, value);
        }
      },
      member);
}

template <class R>
void write_object(JsonWriter& json, std::string_view key, const R& record,
                  std::span<const SubField<R>> fields) {
  json.key(key).begin_object();
  for (const SubField<R>& field : fields) write_member(json, record, field.key, field.member);
  json.end_object();
}

void write_id(JsonWriter& json, const Scenario& s) {
  if (s.id_is_number) json.key("id").literal(s.id);
  else if (!s.id.empty()) json.member("id", s.id);
}

void write_devices(JsonWriter& json, const Scenario& s) {
  if (s.devices.empty()) return;
  if (s.devices.size() == 1 && !s.devices.front().free_gib) {
    json.member("device", s.devices.front().name);
    return;
  }
  json.key("device").begin_array();
  for (const DeviceRequest& d : s.devices) {
    json.begin_object();
    json.member("device", d.name);
    json.member("count", d.count);
    json.member("free_gib", d.free_gib);
    json.end_object();
  }
  json.end_array();
}

void write_figure(JsonWriter& json, std::string_view key, const speed::Figure& figure) {
  if (!(figure.value > 0)) return;
  json.key(key).begin_object();
  json.member("value", figure.value);
  json.member("low", figure.low);
  json.member("high", figure.high);
  json.end_object();
}

/// What does not apply is absent, never 0.
void write_part(JsonWriter& json, std::string_view key, Bytes bytes) {
  if (bytes != 0) json.member(key, bytes);
}

void write_weights(JsonWriter& json, const WeightSummary& w) {
  json.key("weights").begin_object();
  json.member("bytes", w.bytes);
  json.member("file_bytes", w.file_bytes);
  json.member("bits_per_weight", w.bits_per_weight);
  if (!w.by_type.empty()) {
    json.key("by_type").begin_object();
    for (const TypeBytes& t : w.by_type) json.member(t.type, t.bytes);
    json.end_object();
  }
  json.member("exact", w.exact);
  json.end_object();
}

void write_memory(JsonWriter& json, const Estimate& e) {
  json.key("memory").begin_object();
  json.key("devices").begin_array();
  for (std::size_t i = 0; i < e.memory.devices.size(); ++i) {
    const engine::DeviceMemory& d = e.memory.devices[i];
    json.begin_object();
    if (i < e.setup.devices.size()) json.member("device", e.setup.devices[i].device->id);
    write_part(json, "weights", d.weights);
    write_part(json, "kv_cache", d.kv_cache);
    write_part(json, "recurrent_state", d.recurrent_state);
    write_part(json, "compute", d.compute);
    write_part(json, "graphs", d.graphs);
    write_part(json, "runtime", d.runtime);
    json.member("total", d.total());
    if (d.capacity > 0) {
      json.member("capacity", d.capacity);
      json.member("usable", d.usable);
      json.member("headroom", d.headroom());
    }
    json.end_object();
  }
  json.end_array();
  const engine::HostMemory& h = e.memory.host;
  if (h.total() > 0) {
    json.key("host").begin_object();
    write_part(json, "weights", h.weights);
    write_part(json, "kv_cache", h.kv_cache);
    write_part(json, "recurrent_state", h.recurrent_state);
    write_part(json, "compute", h.compute);
    write_part(json, "output", h.output);
    json.member("total", h.total());
    json.end_object();
  }
  json.member("total", e.memory.total());
  json.end_object();
}

void write_fit(JsonWriter& json, const Fit& fit) {
  json.key("fit").begin_object();
  if (fit.verdict != Verdict::unknown) json.member("fits", fit.fits);
  json.member("verdict", verdict_name(fit.verdict));
  json.member("max_context", fit.max_context);
  json.member("max_concurrency", fit.max_concurrency);
  json.member("reason", fit.reason);
  json.end_object();
}

void write_speed(JsonWriter& json, const speed::Speed& s) {
  json.key("speed").begin_object();
  write_figure(json, "decode_tok_s", s.decode_tok_s);
  write_figure(json, "decode_tok_s_total", s.decode_tok_s_total);
  write_figure(json, "itl_ms", s.itl_ms);
  write_figure(json, "prefill_tok_s", s.prefill_tok_s);
  write_figure(json, "ttft_ms", s.ttft_ms);
  json.member("bound", speed::bound_name(s.bound));
  json.member("confidence", speed::confidence_name(s.confidence));
  json.member("based_on", s.based_on);
  json.end_object();
}

void write_train(JsonWriter& json, const Estimate& e) {
  if (e.train.empty()) return;
  json.key("train").begin_object();
  json.key("devices").begin_array();
  for (const TrainMemory& t : e.train) {
    json.begin_object();
    json.member("weights", t.weights);
    write_part(json, "gradients", t.gradients);
    write_part(json, "optimizer", t.optimizer);
    write_part(json, "adapters", t.adapters);
    write_part(json, "activations", t.activations);
    json.member("runtime", t.runtime);
    json.member("total", t.total());
    if (t.capacity > 0) {
      json.member("capacity", t.capacity);
      json.member("usable", t.usable);
      json.member("headroom", t.usable - t.total());
    }
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_requirements(JsonWriter& json, const std::vector<Requirement>& requirements) {
  if (requirements.empty()) return;
  json.key("requirements").begin_array();
  for (const Requirement& r : requirements) {
    json.begin_object();
    json.member("name", r.name);
    json.member("required", r.required);
    json.member("actual", r.actual);
    json.key("met");
    if (r.met) json.value(*r.met);
    else json.null();
    json.end_object();
  }
  json.end_array();
}

void write_derivation(JsonWriter& json, const std::vector<engine::Step>& steps) {
  if (steps.empty()) return;
  json.key("derivation").begin_array();
  for (const engine::Step& s : steps) {
    json.begin_object();
    json.member("quantity", s.quantity);
    json.member("formula", s.formula);
    json.member("values", s.values);
    json.member("result", s.result);
    json.member("source", s.source);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void write_scenario(JsonWriter& json, const Scenario& s) {
  for (const Field& field : scenario_fields()) {
    if (const auto* member = std::get_if<Member<Scenario>>(&field.member)) {
      write_member(json, s, field.key, *member);
      continue;
    }
    switch (std::get<Shape>(field.member)) {
      case Shape::id: write_id(json, s); break;
      case Shape::devices: write_devices(json, s); break;
      case Shape::host:
        if (s.host) write_object(json, field.key, *s.host, host_fields());
        break;
      case Shape::speculative:
        if (s.speculative) write_object(json, field.key, *s.speculative, speculative_fields());
        break;
      case Shape::train:
        if (s.train) write_object(json, field.key, *s.train, train_fields());
        break;
      case Shape::method: json.member(field.key, s.method == Method::quick ? "quick" : "exact"); break;
      case Shape::require:
        if (s.require.any()) write_object(json, field.key, s.require, require_fields());
        break;
    }
  }
}

void write_json(std::string& out, const Estimate& e, int indent) {
  JsonWriter json(out, indent);
  json.begin_object();
  json.member("schema", kSchema);
  write_id(json, e.scenario);
  json.key("scenario").begin_object();
  write_scenario(json, e.scenario);
  json.end_object();
  json.key("model").begin_object();
  json.member("id", e.setup.model->id);
  json.member("parameters", e.model.parameters);
  json.member("active_parameters", e.model.active_parameters);
  json.member("kv_layers", e.model.kv_layers);
  json.member("layers", e.model.layers);
  json.member("context_native", e.model.context_native);
  json.end_object();
  write_weights(json, e.weights);
  json.key("kv_cache").begin_object();
  json.member("bytes_per_token", e.kv.bytes_per_token);
  json.member("bytes_per_sequence", e.kv.bytes_per_sequence);
  if (e.kv.recurrent_bytes_per_sequence > 0)
    json.member("recurrent_bytes_per_sequence", e.kv.recurrent_bytes_per_sequence);
  json.member("layers", e.kv.layers);
  json.end_object();
  write_memory(json, e);
  if (e.memory.pool) {
    json.key("pool").begin_object();
    json.member("kv_bytes", e.memory.pool->kv_bytes);
    json.member("kv_tokens", e.memory.pool->kv_tokens);
    json.member("max_concurrency", e.memory.pool->max_concurrency);
    json.end_object();
  }
  write_fit(json, e.fit);
  if (e.speed) write_speed(json, *e.speed);
  if (e.cost) {
    json.key("cost").begin_object();
    json.member("usd_per_hour", e.cost->usd_per_hour);
    json.member("electricity_usd_per_hour", e.cost->electricity_usd_per_hour);
    json.member("watts", e.cost->watts);
    json.member("usd_per_million_output_tokens", e.cost->usd_per_million_output_tokens);
    json.member("usd_per_million_input_tokens", e.cost->usd_per_million_input_tokens);
    json.member("price_source", e.cost->price_source);
    if (!e.cost->price_date.empty()) json.member("price_date", e.cost->price_date);
    json.end_object();
  }
  write_train(json, e);
  write_requirements(json, e.requirements);
  write_derivation(json, e.derivation);
  json.key("notes").begin_array();
  for (const std::string& note : e.notes) json.value(note);
  json.end_array();
  json.end_object();
}

void write_json_error(std::string& out, std::int64_t line, const Scenario& scenario, ErrorCode code,
                      const std::string& message) {
  JsonWriter json(out);
  json.begin_object();
  json.member("line", line);
  write_id(json, scenario);
  json.key("error").begin_object();
  json.member("code", code_name(code));
  json.member("message", message);
  json.end_object();
  json.end_object();
}

}  // namespace qwenfit::report
