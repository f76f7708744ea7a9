#!/usr/bin/env python3
"""Fits what llama.cpp's backends take of a card beside its buffers, and writes it into data/engines/llama.cpp.json.

    scripts/fit_llamacpp_context.py [--write] [QWENFIT]

For every row of data/measurements/memory-llamacpp-cards.jsonl: the measured peak less the planned weights, caches
and compute buffers. The constant of a backend is the median over its rows; the residual is the median distance from
it as a share of the card's peak. A backend without rows keeps its assumed value. Needs nothing but Python 3.
"""

import json
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MIB = 1 << 20


def main():
    args = [a for a in sys.argv[1:] if a != "--write"]
    program = args[0] if args else str(ROOT / "build/release/qwenfit")
    lines = (ROOT / "data/measurements/memory-llamacpp-cards.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines[1:]]
    scenarios = "\n".join(json.dumps(row["scenario"]) for row in rows) + "\n"
    answers = subprocess.run([program, "batch", "-"], input=scenarios, text=True, capture_output=True, check=False)
    left = {}
    for row, line in zip(rows, answers.stdout.splitlines()):
        device = json.loads(line)["memory"]["devices"][0]
        peak = row["measured"]["/memory/devices/0/total"]
        planned = device["total"] - device["runtime"]
        left.setdefault(row["scenario"]["backend"], []).append((peak - planned, peak))

    path = ROOT / "data/engines/llama.cpp.json"
    text = path.read_text(encoding="utf-8")
    for backend, found in sorted(left.items()):
        value = round(statistics.median(rest for rest, _ in found) / MIB)
        residual = statistics.median(abs(rest - value * MIB) / peak for rest, peak in found)
        print(f"{backend}: {value} MiB, {len(found)} rows, residual {residual:.4f}")
        record = (f'{{"name": "context_{backend}_mib", "value": {value}, "unit": "MiB", "kind": "fitted", "rows": {len(found)}, '
                  f'"residual": {residual:.4f}, "source": "scripts/fit_llamacpp_context.py on data/measurements/memory-llamacpp-cards.jsonl"}}')
        text = re.sub(rf'\{{"name": "context_{backend}_mib".*\}}', record, text)
    if "--write" in sys.argv:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
