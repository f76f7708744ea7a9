#!/usr/bin/env python3
"""Fit the "train_*" constants of data/engines/transformers.json on data/measurements/finetune.jsonl.

The memory of a training step is linear in them: what each adds to a row is read off by running the estimator with one
constant at a time. They minimise the sum of absolute log errors, a source weighing the square root of its rows, by coordinate
descent on a fixed grid, so the result is the same everywhere. The residual is the median absolute error of the rows;
leaving out one source at a time gives the error on sources never seen.

usage: fit_finetune.py QWENFIT [--write]     QWENFIT is the program; --write updates data/engines
"""
import collections
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
ENGINE = os.path.join(ROOT, "data", "engines", "transformers.json")
TOTAL = "/train/devices/0/total"
UNITS = {"train_runtime_bytes": 1e9, "train_logit_bytes": 1.0, "train_update_bytes": 1.0}
# Candidate multiples of the unit: fine enough that a step is far below the residual.
GRID = [0] + [round(0.05 * 1.06**i, 4) for i in range(110)]


def totals(program, scenarios, constants):
    """Bytes of each scenario with these constants instead of the stored ones."""
    with open(ENGINE, encoding="utf-8") as stored:
        others = [c for c in json.load(stored)["engines"][0]["constants"] if c["name"] not in constants]
    overlay = {"engines": [{"id": "transformers", "constants": others + [
        {"name": name, "value": value, "unit": "", "kind": "assumed", "source": "fit"} for name, value in
        constants.items()]}]}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "overlay.json")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(overlay, out)
        done = subprocess.run([program, "batch", "-", "--catalog", path], input="\n".join(map(json.dumps, scenarios)),
                              capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for answer in answers:
        if "error" in answer:
            sys.exit(f"fit_finetune: {answer['error']['message']}")
    return [answer["train"]["devices"][0]["total"] for answer in answers]


class Row:
    def __init__(self, record, fixed, slopes):
        self.measured = record["measured"][TOTAL]
        self.source = record["source"]
        self.fixed = fixed
        self.slopes = slopes

    def error(self, values):
        return math.log((self.fixed + sum(s * v for s, v in zip(self.slopes, values))) / self.measured)


def fit(rows):
    weight = collections.Counter(row.source for row in rows)

    def loss(values):
        return sum(abs(row.error(values)) / math.sqrt(weight[row.source]) for row in rows)

    values = [1.0, 10.0, 2.0]
    best = loss(values)
    while True:
        before = best
        for i in range(len(values)):
            for candidate in GRID:
                tried = values[:i] + [candidate] + values[i + 1:]
                if (now := loss(tried)) < best:
                    best, values = now, tried
        if best > before - 1e-9:
            return values


def median_error(rows, values):
    return statistics.median(abs(math.expm1(row.error(values))) for row in rows)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with open(os.path.join(ROOT, "data", "measurements", "finetune.jsonl"), encoding="utf-8") as lines:
        records = [json.loads(line) for line in list(lines)[1:]]
    records = [r for r in records if TOTAL in r["measured"] and "skip" not in r]
    scenarios = [r["scenario"] for r in records]
    names = list(UNITS)
    zero = totals(sys.argv[1], scenarios, dict.fromkeys(names, 0.0))
    slopes = [[b - a for a, b in zip(zero, totals(sys.argv[1], scenarios, {n: UNITS[n] * (n == name) for n in names}))]
              for name in names]
    rows = [Row(r, zero[i], [s[i] for s in slopes]) for i, r in enumerate(records)]
    values = fit(rows)
    residual = median_error(rows, values)
    left_out = []
    for source in sorted({row.source for row in rows}):
        others = fit([row for row in rows if row.source != source])
        left_out += [abs(math.expm1(row.error(others))) for row in rows if row.source == source]
    print(f"{len(rows)} rows, median error {residual:.1%}; on sources left out {statistics.median(left_out):.1%}")
    touched = {name: sum(1 for row in rows if row.slopes[i] > 0) for i, name in enumerate(names)}
    for name, value in zip(names, values):
        print(f"  {name:22} {value * UNITS[name]:.6g}  ({touched[name]} rows)")
    if "--write" not in sys.argv:
        return
    with open(ENGINE, encoding="utf-8") as source:
        text = source.read()
    for name, value in zip(names, values):
        lines = [line for line in text.splitlines() if f'"{name}"' in line]
        fresh = json.dumps({"name": name, "value": round(value * UNITS[name], 6), "unit": "bytes", "kind": "fitted",
                            "rows": touched[name], "residual": round(residual, 4),
                            "source": "scripts/fit_finetune.py on data/measurements/finetune.jsonl"})
        comma = "," if lines[0].rstrip().endswith(",") else ""
        text = text.replace(lines[0], "    " + fresh + comma)
    with open(ENGINE, "w", encoding="utf-8") as out:
        out.write(text)


if __name__ == "__main__":
    main()
