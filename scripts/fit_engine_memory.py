#!/usr/bin/env python3
"""Fit the constants of data/engines/transformers.json that have no closed form.

Each is solved for, row by row, from the official tables in data/measurements/memory-transformers.jsonl and the rest of
the estimate; the median of the rows is taken, and the residual is the median relative error that is left. Run it until
the figures stand still.

usage: fit_engine_memory.py QWENFIT [--write]     QWENFIT is the program; --write updates data/engines
"""
import json
import os
import re
import statistics
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
ROWS = os.path.join(ROOT, "data", "measurements", "memory-transformers.jsonl")
ENGINE = os.path.join(ROOT, "data", "engines", "transformers.json")
MIB = 2.0**20


def workspace(s):
    """16-bit weights on one card, without Qwen v1, whose code comes from its repository."""
    return s["format"] == "bf16" and "device_count" not in s and s["engine_version"] != "4.32.0"


def remote_code(s):
    return s["engine_version"] == "4.32.0" and "device_count" not in s


def awq(s):
    return s["format"] == "awq-int4" and s["engine_version"].startswith("4.51")


# Constant, its rows, bytes of a unit of it, digits.
CONSTANTS = (("workspace_mib", workspace, lambda e: MIB, 0),
             ("remote_code_mib", remote_code, lambda e: MIB, 0),
             ("awq_cache_share", awq, lambda e: e["memory"]["devices"][0]["kv_cache"], 3))


def main():
    program, write = sys.argv[1], "--write" in sys.argv[2:]
    rows = [r for r in map(json.loads, open(ROWS, encoding="utf-8").read().splitlines()[1:])
            if r["scenario"]["engine"] == "transformers"]
    asked = "\n".join(json.dumps(r["scenario"]) for r in rows)
    answers = subprocess.run([program, "batch", "-"], input=asked, text=True, capture_output=True, check=True).stdout
    estimates = [json.loads(line) for line in answers.splitlines()]
    text = open(ENGINE, encoding="utf-8").read()
    for name, wanted, unit, digits in CONSTANTS:
        now = float(re.search(r'"%s", "value": ([\d.]+)' % name, text).group(1))
        found = [(r["measured"]["/memory/total"], e) for r, e in zip(rows, estimates) if wanted(r["scenario"])]
        value = now + statistics.median((measured - e["memory"]["total"]) / unit(e) for measured, e in found)
        value = round(max(0, value), digits)
        left = statistics.median(abs((e["memory"]["total"] + (value - now) * unit(e)) / measured - 1)
                                 for measured, e in found)
        print("%-16s %8g -> %8g   %d rows, residual %.1f%%" % (name, now, value, len(found), 100 * left))
        record = json.loads(re.search(r'\{"name": "%s".*?\}' % name, text).group(0))
        record.update(value=int(value) if digits == 0 else value, kind="fitted", rows=len(found), residual=round(left, 4),
                      source="scripts/fit_engine_memory.py on data/measurements/memory-transformers.jsonl")
        text = re.sub(r'\{"name": "%s".*?\}' % name, json.dumps(record), text)
    if write:
        open(ENGINE, "w", encoding="utf-8").write(text)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
