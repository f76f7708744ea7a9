#!/usr/bin/env python3
"""Writes data/measurements/memory-llamacpp.jsonl from the buffers that llama.cpp reported.

    scripts/import_llamacpp_memory.py FOLDER [--all] > data/measurements/memory-llamacpp.jsonl

FOLDER holds llamacpp_memory.jsonl: one figure a line (model, quant, ctx, settings, metric, value in MiB), as
llama.cpp reports it when it loads a file without allocating. Figures of one setting become one row. Rows are
kept by a rule that looks at the setting's name only: the remainder of its CRC-32; --all keeps every row. Needs nothing but Python 3.
"""

import argparse
import json
import re
import sys
import zlib

MIB = 1 << 20
KEEP_ONE_IN = 4

DEVICE_METRICS = {
    "compute_buffer_mib": "compute",
    "kv_cache_mib": "kv_cache",
    "recurrent_state_mib": "recurrent_state",
    "model_buffer_mib": "weights",
    "kv_and_state_mib": "@kv_and_state",
}
HOST_METRICS = {
    "host_compute_buffer_mib": "compute",
    "host_model_buffer_mib": "weights",
    "output_buffer_mib": "output",
    "host_kv_and_state_mib": "@kv_and_state",
}
# Printed with two decimals, or the difference of two such figures.
ROUNDED = {"output_buffer_mib": 0.0051, "recurrent_state_mib": 0.0051, "kv_cache_mib": 0.0051}


def scenario_of(row):
    settings = row["settings"]
    slots = settings["n_seq_max"]
    unified = bool(settings.get("kv_unified"))
    scenario = {"model": row["model"], "format": row["quant"].lower(), "engine": "llama.cpp"}
    if row["backend"] == "cpu":
        scenario["backend"] = "cpu"
    elif row["n_devices"] > 1:
        scenario["device"] = "rtx-4090"
        scenario["device_count"] = row["n_devices"]
    scenario["context"] = row["ctx"] if unified else row["ctx"] // slots
    scenario["parallel_slots"] = slots
    if unified:
        scenario["kv_unified"] = True
    if "llama-cli" in settings["n_outputs_max"]:
        scenario["program"] = "cli"
    if settings["ubatch"] != 512:
        scenario["ubatch"] = settings["ubatch"]
    if row["kv_type"] != "f16":
        scenario["kv_type"] = row["kv_type"]
    if row["flash_attn"] == "off":
        scenario["flash_attention"] = False
    layers = settings["n_gpu_layers"]
    if row["backend"] != "cpu":
        scenario["gpu_layers"] = 999 if layers == "all" else layers
    if settings.get("n_cpu_moe"):
        scenario["cpu_moe_layers"] = settings["n_cpu_moe"]
    return scenario


def pointer_of(row):
    metric = row["metric"]
    if metric in HOST_METRICS:
        return "host", HOST_METRICS[metric]
    place = re.search(r"-dev(\d+)$", row["id"])
    return int(place.group(1)) if place else 0, DEVICE_METRICS[metric]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()

    rows = {}
    figures = 0
    for line in open(f"{args.folder}/llamacpp_memory.jsonl", encoding="utf-8"):
        row = json.loads(line)
        figures += 1
        scenario = scenario_of(row)
        key = json.dumps(scenario, sort_keys=True)
        kept = rows.setdefault(key, {"scenario": scenario, "measured": {}, "rounding": {}})
        where, what = pointer_of(row)
        prefix = f"/memory/devices/{where}/" if where != "host" else "/memory/host/"
        name = f"@kv_and_state/{where}" if what == "@kv_and_state" else prefix + what
        value = row["value"] * MIB
        exact = abs(value - round(value)) < 1e-3 and row["metric"] not in ROUNDED
        kept["measured"][name] = round(value)
        if not exact:
            kept["rounding"][name] = round(ROUNDED.get(row["metric"], 0.0051) * MIB)
        source = row["source"]

    if args.all:
        chosen = sorted(rows)
    else:
        chosen = sorted(k for k in rows if zlib.crc32(k.encode()) % KEEP_ONE_IN == 0)
    head = {
        "kind": "memory",
        "about": f"buffers that llama.cpp reports without allocating; one setting in {1 if args.all else KEEP_ONE_IN} "
        f"of {len(rows)} (by CRC-32), of {figures} figures",
        "sources": {"llama.cpp": source},
        "left_out": {} if args.all else {"settings that the rule of the file does not keep": len(rows) - len(chosen)},
    }
    print(json.dumps(head))
    for n, key in enumerate(chosen):
        row = {"id": f"lc-{zlib.crc32(key.encode()):08x}"} | rows[key] | {"source": "llama.cpp"}
        if not row["rounding"]:
            del row["rounding"]
        print(json.dumps(row, separators=(",", ":")))


if __name__ == "__main__":
    sys.exit(main())
