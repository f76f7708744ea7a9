#!/usr/bin/env python3
"""Bring the memory columns of the official Qwen speed tables into data/measurements/memory-transformers.jsonl.

The tables print the sum over the cards of torch's max_memory_allocated: /memory/total of an estimate. Where a source
names no version of transformers, it is the one that its documentation asks for at least (Qwen1.5: 4.37, Qwen: 4.32).
A prompt that is not stated has one token. Rows of other engines are sizes of checkpoints.

Rows of a second collection come after those of the first, where they say something new. Its figures of the Qwen3 table are
MiB divided by 1000. Runs that spilled into the memory of the host are left out.

usage: import_transformers_memory.py COLLECTION.jsonl...
"""
import json
import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
FORMATS = {"GPTQ-Int4": "gptq-int4", "GPTQ-Int8": "gptq-int8", "AWQ": "awq-int4", "BF16": "bf16", "FP8": "fp8", "GPTQ-INT4": "gptq-int4", "GPTQ-INT8": "gptq-int8", "AWQ-INT4": "awq-int4",
           "NVFP4": "nvfp4"}


def scenario_of(row):
    name = row["model"] + ("-" + row["variant"] if row.get("variant") and row["variant"] != "Chat" else "")
    scenario = {"model": name.lower().removesuffix("-chat"), "format": FORMATS[row["quant"]]}
    if row["engine"] != "transformers":
        return dict(scenario, engine="vllm")
    settings = row["settings"]
    prompt, output = settings.get("prompt_tokens") or 1, settings.get("gen_tokens") or 2048
    version = row["engine_version"] or ("4.37.0" if "1.5-" in row["id"] and "docs" in row["id"] else "4.32.0")
    scenario.update(engine="transformers", engine_version=version, device=row["device_id"], prompt_tokens=prompt,
                    output_tokens=output, context=prompt + output)
    if row["n_devices"] > 1:
        scenario["device_count"] = row["n_devices"]
    if settings.get("batch", 1) > 1:
        scenario["concurrency"] = settings["batch"]
    if row.get("kv_type") in ("int8", "i8"):
        scenario["kv_type"] = "int8"
    return scenario


def main():
    sources, rows, seen = {}, [], set()
    lines = [line for path in sys.argv[1:] for line in open(path, encoding="utf-8")]
    for row in map(json.loads, lines):
        if "peak_memory_gb" != row["metric"] and "weights" not in row["metric"] and "file_bytes" not in row["metric"]:
            continue
        if "spill" in row["notes"] or row["quant"] not in FORMATS or "deployment" in row and row["engine"] != "transformers":
            continue
        key = json.dumps(scenario_of(row), sort_keys=True)
        if key in seen:
            continue
        seen.add(key)
        source = row["source"].removeprefix("github:").split(" (")[0]
        sources.setdefault(source, "s%d" % (len(sources) + 1))
        if row["engine"] == "transformers":
            quantity, value, rounding = "/memory/total", row["value"] * 2**30, 0.005 * 2**30
            if row.get("raw_unit") == "MiB":
                value, rounding = row["raw_value"] * 2**20, 2**19
            elif "GPU Memory(MB)" in row["notes"]:
                value, rounding = row["value"] * 1000 * 2**20, 2**19
        else:
            quantity, value, rounding = "/weights/file_bytes", row["value"], 0
        out = {"id": row["id"], "scenario": scenario_of(row), "measured": {quantity: round(value)},
               "source": sources[source]}
        if rounding:
            out["rounding"] = {quantity: round(rounding)}
        rows.append(out)
    head = {"kind": "memory", "about": "Memory columns of the official Qwen speed tables (transformers), made by "
            "scripts/import_transformers_memory.py.", "sources": {v: k for k, v in sources.items()}}
    with open(os.path.join(ROOT, "data", "measurements", "memory-transformers.jsonl"), "w", encoding="utf-8") as out:
        for record in [head] + rows:
            out.write(json.dumps(record) + "\n")
    print(len(rows), "rows")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
