#!/usr/bin/env python3
"""Fit the constants of the speed model on data/measurements/speed-*.jsonl and reference-llama7b.jsonl.

What a step has to do is counted by the estimator (tools/speed_terms), which also says what a setup has in common with
others. Two kinds of constants turn that into time:

1. Each group (engine family, backend) has efficiencies and fixed costs:
       step = ((weights + cache + state) / e_memory ^4 + (products / e_compute)^4)^(1/4)
              + kernels x launch + reductions x sync (bus_sync over PCIe) + reduced bytes / e_link + host bytes / e_host + switches x switch
              + operators on the host x host_launch
              + products of other sequences' prompts / e_prompts + kernels launched for them x prompt_launch
   where engines that put such prompts into a step have their products beside the step's own (docs/speed.md),
   with priors that hold where a group has few rows. Weights and cache are read at REACHABLE of the data sheet's rate at best.
2. Factors for what setups have in common: engine, generation of the hardware, device, format, class of model, model,
   length of the prompt, batch ... down to the measured cell itself. They act on the whole step or on one share of it (a device's launches,
   a class's products), and are random effects: a factor is drawn to 1 by the variance of its level, which is estimated with
   it, so a device without measurements falls back on its generation, its vendor, and then on the group. On scales
   (length of the prompt, batch) every doubling has a factor of its own, and a setup has those of all doublings below it.

lib/speed_regression.py solves for both at once. Scores are those of rows whose cell (source, device, model), row, device or
source is left out, each of them in turn. Rates over a whole request give decode rows where decoding is most of the time.

Intervals come from the variance of the factors and of what remains, scaled per phase, kind of setup and kind of knowledge so that
four of five left-out rows fall inside; where fewer than twelve cells stand behind a kind, dense models and mixtures, then all
knowledge, then all kinds of the phase are taken together.

Rows of one cell together weigh as the square root of their number. Everything is deterministic.

usage: fit_speed.py SPEED_TERMS [--write] [--verbose]
       SPEED_TERMS is the program (build/release/tools/speed_terms); --write updates data/speed.
       Needs numpy and scipy; takes some minutes.
"""
import collections
import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from speed_regression import CONSTANTS, TERMS, Regression, level  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
DATA = os.path.join(ROOT, "data")
# Prior of the group constants: value, standard deviation of its logarithm.
PRIORS = {
    "decode": {"": {"e_memory": (0.75, 0.15), "e_cache": (0.45, 0.5), "e_compute": (0.50, 0.5), "launch": (3.0e-6, 0.8),
                    "sync": (8e-6, 0.8), "bus_sync": (25e-6, 0.8), "e_link": (0.5, 0.5), "e_host": (0.6, 0.4), "switch": (30e-6, 1.0), "host_launch": (20e-6, 1.0),
                    "e_prompts": (0.40, 0.5), "prompt_launch": (10e-6, 1.0)},
               # Python launches every one of a layer's some fifty operators by itself.
               "transformers": {"launch": (40e-6, 0.8)}},
    "prefill": {"": {"e_memory": (0.60, 0.25), "e_cache": (0.25, 0.6), "e_compute": (0.40, 0.5), "launch": (3.0e-6, 0.8),
                     "sync": (10e-6, 0.8), "bus_sync": (30e-6, 0.8), "e_link": (0.5, 0.5), "e_host": (0.5, 0.5), "switch": (60e-6, 1.0), "host_launch": (20e-6, 1.0),
                     "e_prompts": (0.40, 0.5), "prompt_launch": (10e-6, 1.0)}},
}
# Where a figure is a rate over a whole request, decoding has to be most of it to say something about decoding.
DECODE_SHARE = 0.6
# What is left out in turn.
LEFT_OUT = (("cells left out", lambda r: r.cell), ("rows left out", lambda r: r.terms.get("id", r.cell)),
            ("devices left out", lambda r: r.device), ("sources left out", lambda r: r.source))
# Built as Llama 2 7B is, but for its vocabulary; and what the two have in common.
STAND_IN = {"model": "qwen-7b", "vocabulary": 151936}
OF_DEVICES = ("engine", "generation", "vendor", "device", "device-engine", "latency-generation", "latency-device", "memory-device")
EIGHTY = 1.2816  # half an 80% interval of a normal distribution, in standard deviations
FEWEST_CELLS = 12


class Row:
    def __init__(self, terms, phase, seconds, kind):
        part = terms[phase]
        self.phase = phase
        self.group = part["group"]
        self.work = part["work"]
        self.least = part["least"]
        self.effects = part["effects"]
        self.log_time = math.log(seconds)
        self.cell = terms["cell"]
        self.device = terms["device"]
        self.source = terms["source"]
        self.terms = terms
        self.kind = kind
        self.scored = not terms.get("reference")


def terms_of(program, folder):
    done = subprocess.run([program, folder], capture_output=True, text=True, check=True)
    return [terms for terms in map(json.loads, done.stdout.splitlines()) if "refused" not in terms]


def reference(program):
    """Llama 2 7B in Q4_0, for the devices: its geometry stands in the file's head. STAND_IN is built alike but for its vocabulary; the
    program tells of that model what such a setup has to do and has in common with others."""
    with open(os.path.join(DATA, "measurements", "reference-llama7b.jsonl"), encoding="utf-8") as lines:
        head, *records = [json.loads(line) for line in lines]
    g = head["geometry"]
    layers = g["layers"] * (4 * g["hidden_size"]**2 + 3 * g["hidden_size"] * g["intermediate_size"]) * g["bits_per_weight"]
    head_row = g["hidden_size"] * g["head_bits_per_weight"]
    bytes_by_stand_in = (layers + g["vocabulary"] * head_row) / (layers + STAND_IN["vocabulary"] * head_row)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "speed-reference.jsonl"), "w", encoding="utf-8") as out:
            print(json.dumps({"kind": "speed", "about": "stand-ins"}), file=out)
            for r in records:
                backend = (r["backend"] or "").split("/")[0].split("+")[0]
                if (r["model"] not in g["models"] or r["format"] != g["format"] or r["devices"] != 1
                        or backend not in ("cuda", "rocm", "vulkan", "metal", "sycl") or r["metric"] not in ("decode_tok_s", "prefill_tok_s")):
                    continue
                decode = r["metric"] == "decode_tok_s"
                scenario = {"model": STAND_IN["model"], "format": g["format"], "engine": "llama.cpp", "backend": backend, "device": r["device"],
                            "gpu_layers": 999, "prompt_tokens": 1 if decode else min(r["prompt"] or 512, 512), "output_tokens": 128 if decode else 1}
                print(json.dumps({"id": r["id"], "scenario": scenario, "source": r["source"], "cell": backend,
                                  "measured": {f"/speed/{r['metric']}/value": r["value"]}}), file=out)
        terms = terms_of(program, folder)
    out = []
    for t in terms:
        phase, metric = ("decode", "decode_tok_s") if "/speed/decode_tok_s/value" in t["measured"] else ("prefill", "prefill_tok_s")
        part = t[phase]
        part["work"][TERMS.index("weights")] *= bytes_by_stand_in
        part["least"] = [least * bytes_by_stand_in for least in part["least"]]
        part["effects"] = [e for e in part["effects"] if level(e[0]).split()[1] in OF_DEVICES] + [[f"{phase} reference: llama", 1, "all"]]
        t.update(cell=f"reference|{t['device']}|{t['cell']}", reference=True)
        tokens = 1 if phase == "decode" else t["prompt"]
        out.append(Row(t, phase, tokens / t["measured"][f"/speed/{metric}/value"], "reference"))
    return out


def read_rows(program):
    """Rows of figures, and those of rates over whole requests."""
    rows, whole = reference(program), []
    for t in terms_of(program, os.path.join(DATA, "measurements")):
        if t["skip"] or t["speculative"]:
            continue
        for metric, value in t["measured"].items():
            if value <= 0:
                continue
            kind, running = t["decode"]["kind"], t["running"]
            if metric == "/speed/decode_tok_s/value":
                rows.append(Row(t, "decode", 1 / value, kind))
            elif metric == "/speed/decode_tok_s_total/value":
                rows.append(Row(t, "decode", running / value, kind))
            elif metric == "/speed/itl_ms/value":
                rows.append(Row(t, "decode", value / 1e3, kind))
            elif metric == "/speed/ttft_ms/value":
                rows.append(Row(t, "prefill", value / 1e3, "ttft"))
            elif metric == "/speed/prefill_tok_s/value":
                rows.append(Row(t, "prefill", t["prompt"] / value, "prefill"))
            elif t["concurrency"] == 1 and metric.startswith("@e2e"):
                tokens = t["output"] if "gen" in metric else t["prompt"] + t["output"]
                row = Row(t, "decode", tokens / value, kind)
                row.whole = tokens / value
                whole.append(row)
    return rows, whole


class Model:
    def __init__(self, rows, whole):
        self.prefill = Regression([r for r in rows if r.phase == "prefill"], PRIORS["prefill"])
        self.decode = Regression([r for r in rows if r.phase == "decode"] + self.decoding(whole), PRIORS["decode"])
        self.parts = (self.prefill, self.decode)

    def decoding(self, whole):
        """Rates over whole requests as decode rows, where decoding is most of the time."""
        out = []
        for r in whole:
            r.prompt_seconds = math.exp(self.prefill.predict(Row(r.terms, "prefill", 1.0, "")))
            left = r.whole - r.prompt_seconds
            if left > DECODE_SHARE * r.whole and r.terms["output"] > 1:
                r.log_time = math.log(left / (r.terms["output"] - 1))
                out.append(r)
        return out

    def left_out(self, key):
        """(row, log of predicted by measured time, its variance, kind of knowledge) of every scored row."""
        out = []
        for fit in self.parts:
            for r, error, variance, known in zip(fit.rows, *fit.left_out(key)):
                if r.scored:
                    out.append((r, of_figure(r, error), variance, confidence(known)))
        return out

    def in_the_fit(self):
        out = []
        for fit in self.parts:
            for r in fit.rows:
                if r.scored:
                    variance = fit.sigma2 + sum(fit.variance[fit.index[name]] * weight**2 for name, weight, _ in r.effects)
                    out.append((r, of_figure(r, fit.predict(r) - r.log_time), variance, "measured"))
        return out


def of_figure(r, error):
    """Of a decode step's error, that of the figure: a rate over a whole request has the prompt in it."""
    if not hasattr(r, "whole"):
        return error
    return math.log((r.prompt_seconds + math.exp(error + r.log_time) * (r.terms["output"] - 1)) / r.whole)


def confidence(known):
    """As the program calls it: the cell itself is known, the device, or its data sheet only."""
    levels = {name.split(" ", 1)[1] for name in known}
    return "measured" if "cell" in levels else "calibrated" if "device" in levels else "modelled"


def quantile(entries, q):
    """Of (value, weight)."""
    entries = sorted(entries)
    total, run = sum(w for _, w in entries), 0
    for value, weight in entries:
        run += weight
        if run >= q * total:
            return value
    return entries[-1][0]


def kinds_of(r):
    out = [r.kind]
    if r.kind == "single local" and r.terms["moe"]:
        out.append("single local, MoE")
    return out


def scores(results, scales=None):
    """Prints, and returns, the scores of each kind of rows. Cells weigh the same."""
    by_kind = collections.defaultdict(list)
    for entry in results:
        for kind in kinds_of(entry[0]):
            by_kind[kind].append(entry)
    out = {}
    print(f"{'':28} rows  cells   median   within 20%    p90    bias  in 80%")
    for kind, entries in sorted(by_kind.items()):
        counts = collections.Counter(r.cell for r, _, _, _ in entries)
        # Errors of the speed: measured/predicted time - 1.
        errors = [(abs(math.expm1(-e)), 1 / counts[r.cell]) for r, e, _, _ in entries]
        total = sum(w for _, w in errors)
        score = {"rows": len(entries), "cells": len(counts), "median": round(quantile(errors, .5), 4),
                 "within_20": round(sum(w for e, w in errors if e <= 0.2) / total, 4), "p90": round(quantile(errors, .9), 4),
                 "bias": round(quantile([(math.expm1(-e), 1 / counts[r.cell]) for r, e, _, _ in entries], .5), 4)}
        covered = ""
        if scales:
            inside = sum(1 / counts[r.cell] for r, e, v, known in entries if abs(e) <= EIGHTY * math.sqrt(v) * scale_of(scales, r, known))
            score["coverage"] = round(inside / total, 4)
            covered = f"{score['coverage']:.1%}"
        out[kind] = score
        print(f"{kind:28}{score['rows']:5} {score['cells']:6}  {score['median']:7.1%}  {score['within_20']:9.1%}   "
              f"{score['p90']:7.1%} {score['bias']:+7.1%}  {covered}", flush=True)
    return out


def interval_names(r, known):
    """Kinds of setups and of knowledge with intervals of their own, from the particular to the general."""
    kind = r.terms["decode"]["kind"]
    return (f"{r.phase} {kind} {'moe' if r.terms['moe'] else 'dense'} {known}", f"{r.phase} {kind} {known}", f"{r.phase} {kind}",
            f"{r.phase} {known}")


def scale_of(scales, r, known):
    return next((scales[name]["scale"] for name in interval_names(r, known) if name in scales), 1.0)


def interval_scales(results):
    """What four of five errors are below, in the interval's own unit: for each phase, kind of setup and kind of knowledge."""
    pooled = collections.defaultdict(list)
    for entries in results:
        for r, error, variance, known in entries:
            ratio = abs(error) / (EIGHTY * math.sqrt(variance))
            for name in interval_names(r, known):
                pooled[name].append((ratio, r.cell))
    out = {}
    for name, ratios in sorted(pooled.items()):
        counts = collections.Counter(cell for _, cell in ratios)
        if len(counts) < FEWEST_CELLS:
            continue
        scale = quantile([(ratio, 1 / counts[cell]) for ratio, cell in ratios], 0.8)
        out[name] = {"name": name, "scale": round(scale, 4), "rows": len(ratios), "cells": len(counts)}
    return out


def write(model, rows, intervals, summary):
    """data/speed/model.json, one record a line."""
    groups, effects, levels, cells, residual = [], [], [], {}, {}
    for phase, fit in (("decode", model.decode), ("prefill", model.prefill)):
        residual[phase] = round(fit.sigma2, 6)
        counts = collections.Counter(r.group for r in fit.rows)
        for name, theta in [(phase, fit.prior)] + list(zip(fit.groups, fit.theta)):
            record = {"name": name}
            record.update({n: float(f"{v:.6g}") for n, v in zip(CONSTANTS, np.exp(theta))})
            record["rows"] = counts.get(name, 0)
            groups.append(record)
        for i, name in enumerate(fit.names):
            effects.append({"name": name, "value": round(float(fit.value[i]), 5),
                            "variance": round(float(fit.variance[i]), 6), "rows": int(fit.rows_of[i])})
        levels += [{"name": name, "variance": round(float(v), 6)} for name, v in sorted(fit.tau2.items())]
        for r in fit.rows:
            if r.scored:
                cell = cells.setdefault(r.effects[-1][0], {"name": r.effects[-1][0], "source": r.source, "rows": 0})
                cell["rows"] += 1
    head = {"about": "Constants of the speed model, fitted by scripts/fit_speed.py; its head says what they mean. Groups: shares of "
                     "nominal rates, seconds. Effects: logarithm of a factor on time.",
            "cross_validation": summary, "residual": residual}
    parts = [("groups", groups), ("levels", levels), ("intervals", list(intervals.values())),
             ("cells", sorted(cells.values(), key=lambda c: c["name"])), ("effects", effects)]
    os.makedirs(os.path.join(DATA, "speed"), exist_ok=True)
    with open(os.path.join(DATA, "speed", "model.json"), "w", encoding="utf-8") as out:
        out.write(json.dumps(head, indent=1)[:-2])
        for name, records in parts:
            lines = ",\n".join("  " + json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in records)
            out.write(f',\n "{name}": [\n{lines}\n ]')
        out.write("\n}\n")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rows, whole = read_rows(sys.argv[1])
    print(f"{len(rows)} rows, {len(whole)} of whole requests, {sum(r.kind == 'reference' for r in rows)} of the reference "
          "model", flush=True)
    model = Model(rows, whole)
    summary = {}
    results = {title: model.left_out(key) for title, key in LEFT_OUT}
    # Whoever asks is another source than those that measured: of a measured cell too the whole of one source is left out.
    intervals = interval_scales([results["cells left out"], results["devices left out"]])
    results["in the fit"] = model.in_the_fit()
    for title in ("in the fit", *(t for t, _ in LEFT_OUT)):
        print("\n" + title)
        summary[title] = scores(results[title], intervals)
    if "--verbose" in sys.argv:
        for fit in model.parts:
            print(f"\nsigma {math.sqrt(fit.sigma2):.3f}")
            for name, variance in fit.tau2.items():
                print(f"  {name:32} {math.sqrt(variance):.3f}")
            for g, theta in zip(fit.groups, fit.theta):
                print(" ", g, {n: float(f"{v:.3g}") for n, v in zip(CONSTANTS, np.exp(theta))})
    if "--write" in sys.argv:
        write(model, rows, intervals, summary)


if __name__ == "__main__":
    main()
