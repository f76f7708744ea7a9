#!/usr/bin/env python3
"""Fit the constants of the speed model on data/measurements/speed-*.jsonl and reference-llama7b.jsonl.

What a step has to do is counted by the estimator (tools/speed_terms). Two kinds of constants turn that into time:

1. Each group (engine family, backend) has efficiencies and fixed costs:
       step = ((weights + cache + state) / e_memory ^P + (products / e_compute)^P)^(1/P)
              + kernels x launch + reductions x sync + reduced bytes / e_link + host bytes / e_host + switches x switch
   fitted by robust least squares of log time, with a prior that draws groups with few rows to all groups together.
2. Factors for what setups have in common: engine, generation of the hardware, device, format, class of model, model,
   depth, batch ... down to the measured cell itself. They are random effects: a factor is drawn to 1 by the
   variance of its level, which is estimated with it (EM), so a device without measurements falls back on its
   generation, its vendor, and then on the group.

Rows of one cell (source, device, model) together weigh as the square root of their number. Intervals come from the variance of the factors and of what remains,
scaled per phase and kind of knowledge so that four of five left-out rows fall inside.

Cross-validation leaves out whole cells (ten folds), whole devices and whole sources, and prints the scores of the groups that docs/accuracy.md
shows. Everything is deterministic.

Left out: prompts that were answered faster than the hardware can multiply. They were in the engine's prompt cache.

usage: fit_speed.py SPEED_TERMS [--write] [--no-cv] [--verbose] [--prefill-only | --decode-intervals]
       SPEED_TERMS is the program (build/release/tools/speed_terms); --write updates data/speed; --prefill-only keeps
       the constants of decoding as they are there, which takes a minute instead of many; --decode-intervals keeps all
       constants and cross-validates the decode rows for the intervals
"""
import collections
import json
import math
import os
import subprocess
import sys
import zlib

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import least_squares

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
DATA = os.path.join(ROOT, "data")
P = 4.0
TERMS = ["weights", "cache", "state", "compute", "attention", "kernels", "passes", "reductions", "reduced", "host", "switches"]
# Start and prior of the group constants, in log: value, standard deviation.
PARAMETERS = {
    "decode": {"e_memory": (0.70, 0.25), "e_cache": (0.45, 0.5), "e_compute": (0.50, 0.5), "launch": (2.0e-6, 0.8),
               "sync": (8e-6, 0.8), "e_link": (0.5, 0.5), "e_host": (0.6, 0.4), "switch": (30e-6, 1.0)},
    "prefill": {"e_memory": (0.60, 0.4), "e_cache": (0.25, 0.6), "e_compute": (0.40, 0.5), "launch": (3.0e-6, 0.8),
                "sync": (10e-6, 0.8), "e_link": (0.5, 0.5), "e_host": (0.5, 0.5), "switch": (60e-6, 1.0)},
}
# No share of a nominal rate is above this; products in 8 bit run at twice the 16-bit rate.
HIGHEST = {"e_memory": 1.0, "e_cache": 1.0, "e_compute": 2.0, "e_link": 1.0, "e_host": 1.0}
# Where a figure is a rate over a whole request, decoding has to be most of it to say something about decoding.
DECODE_SHARE = 0.6
# What is left out in turn, and in how many folds.
FOLDS = (("cells left out", lambda r: r.cell, 6), ("rows left out", lambda r: r.terms.get("id"), 3),
         ("devices left out", lambda r: r.device, 4), ("sources left out", lambda r: r.source, 4))


class Row:
    def __init__(self, terms, phase, seconds, group_kind):
        part = terms[phase]
        self.phase = phase
        self.group = part["group"]
        self.work = part["work"]
        self.effects = part["effects"]
        self.log_time = math.log(seconds)
        self.cell = terms["cell"]
        self.device = terms["device"]
        self.source = terms["source"]
        self.terms = terms
        self.kind = group_kind
        self.scored = not terms["skip"] and not terms.get("reference")


def step_log(theta, work):
    """log seconds; theta: rows x parameters (log), work: rows x terms."""
    e_mem, e_cache, e_comp, launch, sync, e_link, e_host, switch = np.exp(theta).T
    w = dict(zip(TERMS, work.T))
    memory = (w["weights"] + w["state"]) / e_mem + w["cache"] / e_cache
    compute = w["compute"] / e_comp + w["attention"] / (0.5 * e_comp)
    overlap = (memory**P + compute**P)**(1 / P)
    return np.log(overlap + w["kernels"] * launch + w["reductions"] * sync + w["reduced"] / e_link + w["host"] / e_host +
                  w["switches"] * switch)


def kind_of(t, phase, metric):
    """Group of the score table."""
    local = t["engine"] in ("llama.cpp", "ollama", "lmstudio", "mlx")
    if phase == "prefill":
        return "prefill"
    if t["decode"]["work"][9] > 0:
        return "offload"
    if t["engine"] == "transformers":
        return "transformers"
    if t["concurrency"] > 1:
        return "itl at concurrency" if not local else "batched local"
    return "single local" if local else "single serving"


def reference(devices):
    """Llama 2 7B Q4_0 and Llama 3.1 8B Q4_K_M: read bytes (without the embedding), parameters, hidden layers."""
    shapes = {"Llama-2-7B": ("Q4_0", 3.752e9, 6.476e9), "LLaMA-7B": ("Q4_0", 3.752e9, 6.476e9)}
    out = []
    with open(os.path.join(DATA, "measurements", "reference-llama7b.jsonl"), encoding="utf-8") as lines:
        records = [json.loads(line) for line in list(lines)[1:]]
    for r in records:
        shape = next((s for name, s in shapes.items() if r["model"].lower().startswith(name.lower())), None)
        backend = (r["backend"] or "").split("/")[0].split("+")[0]
        d = devices.get(r["device"])
        if not shape or r["format"] != shape[0] or r["devices"] != 1 or not d or not d.get("bandwidth_gb_s"):
            continue
        if backend not in ("cuda", "rocm", "vulkan", "metal", "sycl") or r["metric"] not in ("decode_tok_s", "prefill_tok_s"):
            continue
        half = d.get("bf16_tflops") or d.get("fp16_fp32acc_tflops") or d.get("fp16_tflops") or 0
        flops = (max(half, d.get("fp32_tflops") or 0) or d["bandwidth_gb_s"] * 0.06) * 1e12
        read = shape[1] / (d["bandwidth_gb_s"] * 1e9)
        phase = "decode" if r["metric"] == "decode_tok_s" else "prefill"
        prompt = r["prompt"] or 512
        tokens = 1 if phase == "decode" else min(prompt, 512)
        work = [read, 0, 0, 2 * shape[2] * tokens / flops, 0, 32 * 13 + 3, 1, 0, 0, 0, 0]
        group = f"{phase} llama.cpp {backend}"
        vendor = d["vendor"] if isinstance(d["vendor"], str) else "generic"
        effects = [f"{phase} engine: llama.cpp", f"{phase} generation: llama.cpp {backend} {d['arch']}",
                   f"{phase} vendor: llama.cpp {vendor}", f"{phase} device: {d['id']}",
                   f"{phase} device-engine: {d['id']} llama.cpp {backend}", f"{phase} reference: llama"]
        t = {"cell": "reference|" + d["id"] + "|" + backend, "device": d["id"], "source": r["source"], "skip": "",
             "reference": True, phase: {"group": group, "work": work, "effects": effects}}
        out.append(Row(t, phase, tokens / r["value"], "reference"))
    return out


def from_prompt_cache(t, seconds):
    """Whether a prompt took less time than its products at the highest rate that the hardware may have: twice the nominal one
    for 8-bit products and 16-bit sums (llama.cpp), four times for FP4, else the nominal one and what data sheets round away."""
    work = dict(zip(TERMS, t["prefill"]["work"]))
    nominal = work["compute"] + work["attention"]
    name = t["prefill"]["effects"][-1]
    metal, plain = " metal " in name, " bf16 " in name or " f16 " in name
    narrow = 4.0 if "fp4" in name else 2.0
    return nominal > seconds * (1.1 if metal or plain and " llama.cpp " not in name else narrow)


def read_rows(program):
    done = subprocess.run([program, os.path.join(DATA, "measurements")], capture_output=True, text=True, check=True)
    devices = {}
    for name in sorted(os.listdir(os.path.join(DATA, "devices"))):
        with open(os.path.join(DATA, "devices", name), encoding="utf-8") as source:
            for d in json.load(source).get("devices", []):
                devices[d["id"]] = d
    rows, whole, cached = reference(devices), [], 0
    for line in done.stdout.splitlines():
        t = json.loads(line)
        if "refused" in t or t["skip"]:
            continue
        for metric, value in t["measured"].items():
            if value <= 0:
                continue
            n = t["concurrency"]
            if metric == "/speed/decode_tok_s/value":
                rows.append(Row(t, "decode", 1 / value, kind_of(t, "decode", metric)))
            elif metric == "/speed/decode_tok_s_total/value":
                rows.append(Row(t, "decode", n / value, kind_of(t, "decode", metric)))
            elif metric == "/speed/itl_ms/value":
                rows.append(Row(t, "decode", value / 1e3, kind_of(t, "decode", metric)))
            elif metric in ("/speed/prefill_tok_s/value", "/speed/ttft_ms/value"):
                kind, seconds = ("ttft", value / 1e3) if "ttft" in metric else ("prefill", t["prompt"] / value)
                if from_prompt_cache(t, seconds):
                    cached += 1
                else:
                    rows.append(Row(t, "prefill", seconds, kind))
            elif n == 1 and metric.startswith("@e2e"):
                tokens = t["output"] if "gen" in metric else t["prompt"] + t["output"]
                row = Row(t, "decode", tokens / value, kind_of(t, "decode", metric))
                row.whole = tokens / value
                whole.append(row)
    print(f"{cached} prompts from the prompt cache left out")
    return rows, whole


class Fit:
    """Group constants and factors of one phase."""

    def __init__(self, phase, rows, like=None, passes=2):
        self.phase = phase
        self.given = like is not None
        self.names = list(PARAMETERS[phase])
        self.prior = np.array([math.log(v) for v, _ in PARAMETERS[phase].values()])
        self.deviation = np.array([s for _, s in PARAMETERS[phase].values()])
        self.groups = sorted({r.group for r in rows})
        self.theta = {g: self.prior.copy() for g in self.groups}
        self.effects = sorted({e for r in rows for e in r.effects})
        self.index = {e: i for i, e in enumerate(self.effects)}
        self.levels = sorted({level(e) for e in self.effects})
        self.level_of = np.array([self.levels.index(level(e)) for e in self.effects])
        counts = collections.Counter(r.cell for r in rows)
        self.weight = np.array([1 / math.sqrt(counts[r.cell]) for r in rows])
        self.value = np.zeros(len(self.effects))
        self.variance = np.zeros(len(self.effects))
        self.tau2 = dict(like.tau2) if like else {}
        self.sigma2 = like.sigma2 if like else 0.01
        if like:
            self.theta.update({g: like.theta[g].copy() for g in self.groups if g in like.theta})
        self.rows_of = np.zeros(len(self.effects), dtype=int)
        for r in rows:
            for e in r.effects:
                self.rows_of[self.index[e]] += 1
        work = np.array([r.work for r in rows], dtype=float)
        observed = np.array([r.log_time for r in rows])
        group = np.array([self.groups.index(r.group) for r in rows])
        matrix = np.zeros((len(rows), len(self.effects)))
        for i, r in enumerate(rows):
            for e in r.effects:
                matrix[i, self.index[e]] = 1
        for _ in range(1 if like else passes):
            offset = matrix @ self.value
            self.fit_groups(work, observed - offset, group)
            base = step_log(self.thetas(group), work)
            self.fit_effects(matrix, observed - base)

    def thetas(self, group):
        table = np.array([self.theta[g] for g in self.groups])
        return table[group]

    def fit_groups(self, work, target, group):
        k = len(self.names)
        common = self.prior
        weight = np.sqrt(self.weight)

        def residuals(flat):
            table = flat.reshape(len(self.groups), k)
            fitted = (step_log(table[group], work) - target) * weight / 0.15
            return np.concatenate([fitted, ((table - common) / self.deviation).ravel()])

        def jacobian(flat):
            table = flat.reshape(len(self.groups), k)
            h = 1e-5
            out = np.zeros((len(target) + flat.size, flat.size))
            here = step_log(table[group], work)
            for j in range(k):
                moved = table.copy()
                moved[:, j] += h
                slope = (step_log(moved[group], work) - here) / h * weight / 0.15
                for g in range(len(self.groups)):
                    mine = group == g
                    out[:len(target), g * k + j][mine] = slope[mine]
            out[len(target):] = np.diag(np.tile(1 / self.deviation, len(self.groups)))
            return out

        start = np.array([self.theta[g] for g in self.groups]).ravel()
        above = np.tile([math.log(HIGHEST[n]) if n in HIGHEST else math.inf for n in self.names], len(self.groups))
        found = least_squares(residuals, np.minimum(start, above - 1e-3), jac=jacobian, bounds=(-math.inf, above),
                              loss="soft_l1", max_nfev=60)
        for g, row in zip(self.groups, found.x.reshape(len(self.groups), k)):
            self.theta[g] = row

    def fit_effects(self, matrix, target):
        """EM for the variances of the levels, unless they are given; Student-t weights against outliers."""
        robust = np.ones(len(target))
        tau2 = np.array([self.tau2.get(name, 0.01) for name in self.levels])
        sigma2 = self.sigma2
        count = np.bincount(self.level_of, minlength=len(self.levels))
        for _ in range(4 if self.given else 10):
            w = self.weight * robust
            weighted = matrix * w[:, None]
            normal = matrix.T @ weighted / sigma2 + np.diag(1 / tau2[self.level_of])
            factor = cho_factor(normal, check_finite=False)
            value = cho_solve(factor, weighted.T @ target / sigma2, check_finite=False)
            rest = target - matrix @ value
            if not self.given:
                inverse = cho_solve(factor, np.eye(len(normal)), check_finite=False)
                spread = ((matrix @ inverse) * matrix).sum(1)
                tau2 = np.bincount(self.level_of, value**2 + np.diag(inverse), minlength=len(self.levels)) / count
                tau2 = np.clip(tau2, 1e-5, 0.25)
                sigma2 = max(1e-4, float(np.sum(w * (rest**2 + spread)) / np.sum(self.weight)))
            robust = 5 / (4 + rest**2 / sigma2)
        # Of the variances the part that matters for a prediction: how much a factor's own rows say.
        own = matrix.T @ (self.weight * robust) / sigma2
        self.value, self.variance = value, 1 / (own + 1 / tau2[self.level_of])
        self.tau2 = dict(zip(self.levels, tau2))
        self.sigma2 = sigma2

    def predict(self, row):
        """log seconds and the variance of that."""
        theta = self.theta.get(row.group, self.prior)
        log_time = float(step_log(theta[None, :], np.array([row.work], dtype=float))[0])
        variance = self.sigma2 + (0.0 if row.group in self.theta else 0.1)
        for e in row.effects:
            i = self.index.get(e)
            if i is None:
                variance += self.tau2.get(level(e), 0.01)
            else:
                log_time += self.value[i]
                variance += self.variance[i]
        return log_time, variance


def level(effect):
    return effect[:effect.index(":")]


class Model:
    def __init__(self, rows, whole, like=None):
        prefill = [r for r in rows if r.phase == "prefill"]
        self.prefill = Fit("prefill", prefill, like and like.prefill) if prefill else None
        decode = [r for r in rows if r.phase == "decode"]
        self.decode = Fit("decode", decode + self.decoding(whole), like and like.decode) if decode else None

    def decoding(self, whole):
        """Rates over whole requests as decode rows, where decoding is most of the time."""
        out = []
        for r in whole:
            left = r.whole - self.prefill_of(r)
            if left > DECODE_SHARE * r.whole and r.terms["output"] > 1:
                r.log_time = math.log(left / (r.terms["output"] - 1))
                out.append(r)
        return out

    def prefill_of(self, r):
        return math.exp(self.prefill.predict(Row(r.terms, "prefill", 1.0, ""))[0])

    def error(self, r):
        """log(predicted time / measured time), and the variance."""
        if hasattr(r, "whole"):
            log_time, variance = self.decode.predict(r)
            time = self.prefill_of(r) + math.exp(log_time) * (r.terms["output"] - 1)
            return math.log(time / r.whole), variance
        log_time, variance = (self.decode if r.phase == "decode" else self.prefill).predict(r)
        return log_time - r.log_time, variance


def scores(results):
    """Prints, and returns, the scores of each kind: kind -> list of (cell, log error of time, variance). Cells weigh the same."""
    out = {}
    print(f"{'':28} rows  cells   median   within 20%    p90    bias")
    for kind in sorted(results):
        entries = results[kind]
        counts = collections.Counter(c for c, _, _ in entries)
        # Errors of the speed: measured/predicted time - 1.
        errors = sorted((abs(math.expm1(-e)), 1 / counts[c]) for c, e, _ in entries)
        total = sum(w for _, w in errors)

        def quantile(q):
            run = 0
            for e, w in errors:
                run += w
                if run >= q * total:
                    return e
            return errors[-1][0]

        score = {"rows": len(entries), "cells": len(counts), "median": round(quantile(.5), 4),
                 "within_20": round(sum(w for e, w in errors if e <= 0.2) / total, 4), "p90": round(quantile(.9), 4),
                 "bias": round(float(np.median([math.expm1(-e) for _, e, _ in entries])), 4)}
        out[kind] = score
        print(f"{kind:28}{score['rows']:5} {score['cells']:6}  {score['median']:7.1%}  {score['within_20']:9.1%}   "
              f"{score['p90']:7.1%} {score['bias']:+7.1%}", flush=True)
    return out


def kinds_of(r):
    out = [r.kind]
    if r.kind == "single local" and r.terms["moe"]:
        out.append("single local, MoE")
    return out


def cross_validate(full, rows, whole, key, folds, title):
    """Fits without a part, scores it there. Variances of the levels are those of all rows."""
    everything = [r for r in rows + whole if r.scored]
    fold_of = {name: zlib.crc32(name.encode()) % folds for name in {key(r) for r in everything}}
    results, entries = collections.defaultdict(list), []
    for fold in range(folds):
        def out(r):
            return fold_of.get(key(r), -1) == fold
        model = Model([r for r in rows if not out(r)], [r for r in whole if not out(r)], full)
        for r in everything:
            if out(r):
                error, variance = model.error(r)
                entries.append((r.phase, confidence(model, r), r.cell, error, variance))
                for kind in kinds_of(r):
                    results[kind].append((r.cell, error, variance))
    print(f"\n{title} ({folds} folds)")
    return scores(results), entries


def confidence(model, r):
    """As the program calls it: the cell itself is known, the device, or its data sheet only."""
    fit = model.decode if r.phase == "decode" else model.prefill
    known = {level(e).split(" ", 1)[1] for e in r.effects if e in fit.index}
    return "measured" if "cell" in known else "calibrated" if "device" in known else "modelled"


def interval_scales(results):
    """For each phase and kind of knowledge: what four of five errors are below, in the interval's own unit."""
    pooled = collections.defaultdict(list)
    for entries in results:
        for phase, known, cell, error, variance in entries:
            pooled[(phase, known)].append((abs(error) / (1.2816 * math.sqrt(variance)), cell))
    out = []
    for (phase, known), ratios in sorted(pooled.items()):
        counts = collections.Counter(cell for _, cell in ratios)
        ratios.sort()
        total, run = sum(1 / counts[c] for _, c in ratios), 0
        for ratio, cell in ratios:
            run += 1 / counts[cell]
            if run >= 0.8 * total:
                break
        out.append({"name": f"{phase} {known}", "scale": round(ratio, 4), "rows": len(ratios)})
    return out


def write(model, rows, whole, intervals, summary):
    """data/speed/model.json, one record a line."""
    path = os.path.join(DATA, "speed", "model.json")
    groups, effects, levels, cells, residual = [], [], [], {}, {}
    if not model.decode:
        with open(path, encoding="utf-8") as source:
            old = json.load(source)

        def kept(part):
            return [r for r in old[part] if r["name"].split()[0] == "decode"]
        groups, effects, levels = kept("groups"), kept("effects"), kept("levels")
        intervals = kept("intervals") + intervals
        cells = {r["name"]: r for r in kept("cells")}
        residual["decode"] = old["residual"]["decode"]
        summary = {title: dict(sorted({**old["cross_validation"].get(title, {}), **score}.items()))
                   for title, score in summary.items()}
    for fit in (model.decode, model.prefill):
        if not fit:
            continue
        residual[fit.phase] = round(fit.sigma2, 6)
        counts = collections.Counter(r.group for r in rows + whole if r.phase == fit.phase)
        for name, theta in [(fit.phase, fit.prior)] + [(g, fit.theta[g]) for g in fit.groups]:
            record = {"name": name}
            record.update({n: float(f"{v:.6g}") for n, v in zip(fit.names, np.exp(theta))})
            record["rows"] = counts.get(name, 0)
            groups.append(record)
        for i, name in enumerate(fit.effects):
            effects.append({"name": name, "value": round(float(fit.value[i]), 5),
                            "variance": round(float(fit.variance[i]), 6), "rows": int(fit.rows_of[i])})
        levels += [{"name": name, "variance": round(float(v), 6)} for name, v in sorted(fit.tau2.items())]
    for r in rows + whole:
        if r.scored and r.effects[-1] in (model.decode if r.phase == "decode" else model.prefill).index:
            cell = cells.setdefault(r.effects[-1], {"name": r.effects[-1], "source": r.source, "rows": 0})
            cell["rows"] += 1
    head = {"about": "Constants of the speed model, fitted by scripts/fit_speed.py; its head says what they mean. Groups: shares of "
                     "nominal rates, seconds. Effects: logarithm of a factor on time.",
            "cross_validation": summary,
            "residual": residual}
    write_file(head, [("groups", groups), ("levels", levels), ("intervals", intervals),
                      ("cells", sorted(cells.values(), key=lambda c: c["name"])), ("effects", effects)])


def write_file(head, parts):
    os.makedirs(os.path.join(DATA, "speed"), exist_ok=True)
    with open(os.path.join(DATA, "speed", "model.json"), "w", encoding="utf-8") as out:
        out.write(json.dumps(head, indent=1)[:-2])
        for name, records in parts:
            lines = ",\n".join("  " + json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in records)
            out.write(f',\n "{name}": [\n{lines}\n ]')
        out.write("\n}\n")


class Kept:
    """Constants of decoding as data/speed has them: what a fit of a part of the rows starts from."""

    def __init__(self, stored):
        fit = self.decode = type("Constants", (), {})()
        fit.theta = {g["name"]: np.log([g[n] for n in PARAMETERS["decode"]]) for g in stored["groups"]
                     if g["name"].startswith("decode ")}
        fit.tau2 = {v["name"]: v["variance"] for v in stored["levels"] if v["name"].startswith("decode ")}
        fit.sigma2 = stored["residual"]["decode"]
        self.prefill = None


def decode_intervals(rows, save):
    path = os.path.join(DATA, "speed", "model.json")
    with open(path, encoding="utf-8") as source:
        kept = Kept(json.load(source))
    rows, known, summary = [r for r in rows if r.phase == "decode"], [], {}
    for title, key, folds in FOLDS:
        if not title.startswith("sources"):
            summary[title], entries = cross_validate(kept, rows, [], key, folds, title)
            known.append(entries)
    intervals = interval_scales(known)
    print(intervals)
    if save:
        with open(path, encoding="utf-8") as source:
            text = source.read()
        stored = json.loads(text)
        for title, score in summary.items():
            stored["cross_validation"][title] = dict(sorted({**stored["cross_validation"].get(title, {}), **score}.items()))
        stored["intervals"] = intervals + [r for r in stored["intervals"] if not r["name"].startswith("decode")]
        write_file({k: stored[k] for k in ("about", "cross_validation", "residual")},
                   [(k, stored[k]) for k in ("groups", "levels", "intervals", "cells", "effects")])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rows, whole = read_rows(sys.argv[1])
    if "--decode-intervals" in sys.argv:
        decode_intervals(rows, "--write" in sys.argv)
        return
    if "--prefill-only" in sys.argv:
        rows, whole = [r for r in rows if r.phase == "prefill"], []
    print(f"{len(rows)} rows, {len(whole)} of whole requests, {sum(r.kind == 'reference' for r in rows)} of the reference "
          "model", flush=True)
    model = Model(rows, whole)
    results = collections.defaultdict(list)
    for r in rows + whole:
        if r.scored:
            for kind in kinds_of(r):
                results[kind].append((r.cell, *model.error(r)))
    print("\nin the fit")
    summary, known = {"in the fit": scores(results)}, []
    if "--no-cv" not in sys.argv:
        for title, key, folds in FOLDS:
            summary[title], entries = cross_validate(model, rows, whole, key, folds, title)
            if not title.startswith("sources"):
                known.append(entries)
    if "--verbose" in sys.argv:
        for fit in filter(None, (model.decode, model.prefill)):
            print(f"\n{fit.phase}: sigma {math.sqrt(fit.sigma2):.3f}")
            for name in fit.levels:
                print(f"  {name:28} {math.sqrt(fit.tau2[name]):.3f}")
            for g in fit.groups:
                print(" ", g, {n: float(f"{v:.3g}") for n, v in zip(fit.names, np.exp(fit.theta[g]))})
    intervals = interval_scales(known) or [{"name": "decode calibrated", "scale": 1.0}]
    print(intervals)
    if "--write" in sys.argv:
        write(model, rows, whole, intervals, summary)


if __name__ == "__main__":
    main()
