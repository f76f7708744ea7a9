#!/usr/bin/env python3
"""Fit the constants of data/engines/vllm.json and sglang.json that have no closed form.

Each is solved for, row by row, from what a start-up log prints and what the estimator computes exactly (weights, KV
pages, batch sizes, the other constants); the median of the rows is taken, and the residual is their median relative
distance from it. Run it again when measurements or rules change: until the figures stand still when constants build
on each other.

usage: fit_serving_memory.py QWENFIT [--write]     QWENFIT is the program; --write updates data/engines
"""
import json
import os
import re
import statistics
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
ROWS = os.path.join(ROOT, "data", "measurements", "memory-serving.jsonl")
MIB = 2.0**20
ITEM = 16384  # tokens of the largest image
WEIGHTS = "/memory/devices/0/weights"
COMPUTE = "/memory/devices/0/compute"
GRAPHS = "/memory/devices/0/graphs"
POOL = "/pool/kv_bytes"
TOKENS = "/pool/kv_tokens"


def records(folder, kind):
    out = {}
    path = os.path.join(ROOT, "data", folder)
    for name in os.listdir(path):
        for record in json.load(open(os.path.join(path, name), encoding="utf-8")).get(kind, []):
            out[record["id"]] = record
    return out


class Boot:
    """A row of the measurements beside its estimate."""

    def __init__(self, row, estimate, models, devices):
        self.scenario = row["scenario"]
        self.measured = row["measured"]
        self.also = row.get("also", {})
        self.filled = estimate["scenario"]
        self.card = estimate["memory"]["devices"][0]
        self.pool = estimate.get("pool", {})
        self.kv_per_token = estimate["kv_cache"]["bytes_per_token"]
        self.geometry = models[estimate["model"]["id"]]["geometry"]
        self.device = devices.get(self.scenario.get("device"), {})
        self.parallel = self.filled["tensor_parallel"] > 1
        self.hybrid = "linear_attention" in self.geometry
        self.known = "device" in self.scenario and "engine_version" in self.scenario
        self.sees = "vision" in self.geometry and not self.filled.get("language_model_only")

    def version(self):
        return tuple(int(n) for n in re.findall(r"\d+", self.scenario.get("engine_version", "99"))[:2])

    def weights(self):
        return self.measured.get(WEIGHTS) or self.also.get("weights") or self.card["weights"]

    def kv_bytes(self):
        """Of the pool: as printed, or as many as the printed tokens take."""
        printed = self.measured.get(POOL) or self.also.get("kv_bytes")
        if printed or TOKENS not in self.measured:
            return printed
        if self.hybrid:
            return self.pool["kv_bytes"] * self.measured[TOKENS] / self.pool["kv_tokens"]
        return self.measured[TOKENS] * self.kv_per_token

    def entries(self):
        """Requests x vocabulary of the sampler's warm-up."""
        return min(self.filled["max_num_seqs"], self.filled["max_num_batched_tokens"]) * self.geometry["vocab_size"]

    def hidden(self):
        return self.filled["max_num_batched_tokens"] * self.geometry["hidden_size"] * 2

    def sampler_decides(self, per_entry):
        """The sampler's moment is above the MLP's (dense models)."""
        wide = 3 * self.geometry.get("intermediate_size", 0) / self.filled["tensor_parallel"]
        mlp = self.filled["max_num_batched_tokens"] * 2 * (wide + 4 * self.geometry["hidden_size"])
        return self.entries() * per_entry + self.hidden() > mlp

    def encoder(self):
        """Closed form of the vision encoder on one image of ITEM tokens."""
        v = self.geometry["vision"]
        per_patch = 3 * v["patch_size"]**2 * v["temporal_patch_size"] + 3 * v["hidden_size"]
        per_patch += 2 * v["intermediate_size"] / self.filled["tensor_parallel"]
        return 2 * ITEM * v["merge_size"]**2 * per_patch

    def hybrid_layer(self):
        """Closed form of the widest layer, as in src/engine/vllm_activation.cpp."""
        g, tp = self.geometry, self.filled["tensor_parallel"]
        n = g["linear_attention"]
        keys, values = n["key_heads"] * n["key_head_dim"], n["value_heads"] * n["value_head_dim"]
        widest = (4 * keys + 6 * values) / tp
        if "moe" in g:
            m = g["moe"]
            expert = m["expert_width"] / tp
            widest = max(widest, m["experts_per_token"] * (max(2 * expert, g["hidden_size"]) + expert)
                         + 3 * m.get("shared_expert_width", 0) / tp)
        else:
            widest = max(widest, 3 * g["intermediate_size"] / tp)
        return self.filled["max_num_batched_tokens"] * 2 * (widest + 4 * g["hidden_size"])

    def left_of_budget(self):
        """Budget less weights and KV memory."""
        return self.card["capacity"] * self.filled["gpu_memory_utilization"] - self.weights() - self.kv_bytes()


class Fit:
    def __init__(self, program):
        lines = open(ROWS, encoding="utf-8").read().splitlines()[1:]
        rows = {r["id"]: r for r in map(json.loads, lines) if not r.get("skip")}
        asked = "\n".join(json.dumps(dict(r["scenario"], id=i)) for i, r in rows.items())
        answers = subprocess.run([program, "batch", "-"], input=asked, text=True, capture_output=True).stdout
        models, devices = records("models", "models"), records("devices", "devices")
        self.boots = {"vllm": [], "sglang": []}
        for e in map(json.loads, answers.splitlines()):
            if "error" not in e:
                boot = Boot(rows[e["id"]], e, models, devices)
                self.boots[boot.scenario["engine"]].append(boot)
        self.constants = {e["id"]: {c["name"]: c["value"] for c in e.get("constants", [])}
                          for e in records("engines", "engines").values()}
        self.fitted = {}

    def take(self, engine, name, samples, digits=0):
        value = round(statistics.median(samples), digits)
        residual = statistics.median(abs(s - value) / abs(s) if s else 1.0 for s in samples)
        self.keep(engine, name, value, len(samples), residual)
        print("    " + " ".join("%.4g" % s for s in sorted(samples)))

    def keep(self, engine, name, value, rows, residual):
        self.fitted[engine, name] = (value, rows, round(residual, 3))
        self.constants[engine][name] = value
        print("%-7s %-24s %8g   %d rows, residual %.1f%%" % (engine, name, value, rows, 100 * residual))

    def vllm(self):
        boots, c = self.boots["vllm"], self.constants["vllm"]
        log = [b for b in boots if "non_torch" in b.also]
        self.take("vllm", "non_torch_mib", [b.also["non_torch"] / MIB for b in log if not b.parallel])
        self.take("vllm", "non_torch_parallel_mib", [b.also["non_torch"] / MIB for b in log if b.parallel])

        # Actual memory of the graphs, less 1 MiB for each (the least that vLLM counts).
        self.take("vllm", "graphs_base_mib",
                  [c["graphs_base_mib"] + (b.measured[GRAPHS] - b.card["graphs"]) / MIB
                   for b in boots if GRAPHS in b.measured])

        # The sampler's warm-up: torch's sort before 0.16, the Triton kernel since.
        peaks = [b for b in boots if COMPUTE in b.measured and b.known and b.version() < (0, 16)]
        self.take("vllm", "sampler_bytes_torch",
                  [(b.measured[COMPUTE] - b.hidden()) / b.entries() for b in peaks if b.sampler_decides(38)], 1)
        pools = [b for b in boots if b.known and "gpu_memory_utilization" in b.scenario
                 and (POOL in b.measured or TOKENS in b.measured)]
        inside = c["non_torch_mib"] * MIB
        self.take("vllm", "sampler_bytes_triton",
                  [(b.left_of_budget() - inside - b.hidden()) / b.entries() for b in pools
                   if not b.hybrid and (0, 17) <= b.version() < (0, 20)], 1)

        # Consumer Blackwell: what dense text models leave unexplained on a single card. (With several, NCCL has loaded
        # most of it before vLLM looks at the card.)
        def sm120(b):
            return b.device.get("compute_capability", "").startswith("12.") and not b.parallel

        self.take("vllm", "non_torch_sm120_mib",
                  [(b.left_of_budget() - inside - b.card["compute"]) / MIB for b in pools if sm120(b) and not b.hybrid])

        # Hybrids: the larger of two moments, the language model's (it decides in large batches and without a tower)
        # and the encoder's.
        layers, encoders = [], []
        for b in (b for b in boots if b.hybrid and b.device and b.kv_bytes()):
            libraries = c["non_torch_parallel_mib" if b.parallel else "non_torch_mib"]
            libraries += c["non_torch_sm120_mib"] if sm120(b) else 0
            graphs = b.also.get("graphs_estimated") or b.measured.get(GRAPHS) or b.card["graphs"]
            outputs = ITEM * b.geometry["hidden_size"] * 2 if b.sees else 0
            peak = b.left_of_budget() - graphs - libraries * MIB - outputs
            if b.sees and b.filled["max_num_batched_tokens"] < 8192:
                encoders.append(peak / b.encoder())
            else:
                layers.append(peak / b.hybrid_layer())
        self.take("vllm", "hybrid_layer_factor", layers, 2)
        self.take("vllm", "encoder_factor", encoders, 2)

    def sglang(self):
        # Free before loading = free after loading + weights; the rest of the card is the context. It grows with
        # the multiprocessors: least squares.
        points = []
        for b in self.boots["sglang"]:
            if "free_after_load" in b.also and b.device:
                context = b.card["capacity"] - b.also["free_after_load"] - b.weights()
                points.append((b.device["compute_units"], context / MIB))
        n, sx, sy = len(points), sum(x for x, _ in points), sum(y for _, y in points)
        slope = (n * sum(x * y for x, y in points) - sx * sy) / (n * sum(x * x for x, _ in points) - sx * sx)
        base = (sy - slope * sx) / n
        residual = statistics.median(abs(base + slope * x - y) / y for x, y in points)
        for engine in ("sglang", "vllm"):
            self.keep(engine, "context_base_mib", round(base), n, residual)
            self.keep(engine, "context_sm_mib", round(slope, 2), n, residual)

        # What is gone from the slack after the graphs, beside the table of requests.
        graphs = []
        for b in self.boots["sglang"]:
            if "free_after_graphs" in b.also and b.device:
                slack = b.card["capacity"] - b.card["runtime"] - sum(
                    b.card.get(k, 0) for k in ("weights", "kv_cache", "recurrent_state"))
                table = (min(4096, max(2048, b.measured[TOKENS] * 512 // b.filled["context"])) + 1) * (
                    b.filled["context"] + 4) * 4
                sizes = b.card["graphs"] / MIB - self.constants["sglang"]["graphs_base_mib"]
                graphs.append((slack - table - b.also["free_after_graphs"]) / MIB - sizes)
        self.take("sglang", "graphs_base_mib", graphs)

    def write(self):
        for engine in ("vllm", "sglang"):
            path = os.path.join(ROOT, "data", "engines", engine + ".json")
            text = open(path, encoding="utf-8").read()
            for (of, name), (value, rows, residual) in self.fitted.items():
                if of == engine:
                    pattern = r'(\{"name": "%s", "value": )[^,]+(, .*?"rows": )\d+(, "residual": )[\d.]+' % name
                    text, n = re.subn(pattern, r"\g<1>%s\g<2>%d\g<3>%s" % (value, rows, residual), text)
                    assert n == 1, name
            open(path, "w", encoding="utf-8").write(text)


def main():
    fit = Fit(sys.argv[1])
    fit.sglang()
    fit.vllm()
    if "--write" in sys.argv[2:]:
        fit.write()


if __name__ == "__main__":
    main()
