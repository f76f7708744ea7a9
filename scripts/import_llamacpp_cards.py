#!/usr/bin/env python3
"""Writes data/measurements/memory-llamacpp-cards.jsonl: the memory of a card while llama.cpp runs on it.

    scripts/import_llamacpp_cards.py FOLDER > data/measurements/memory-llamacpp-cards.jsonl

FOLDER holds speed_consumer.jsonl, whose notes carry the peak that the driver reported. Taken are runs on one card
of files whose size follows from llama.cpp's own formats (no hand-made mixes, no pruned models) and whose context
is known: llama-bench allocates its prompt, depth and generated tokens. Needs nothing but Python 3.
"""

import json
import re
import sys

MIB = 1 << 20
DEVICES = {"strix-halo-395-128gb": "strix-halo-395-128gb", "rtx-3090": "rtx-3090"}


def peak_of(notes):
    both = re.search(r"vram peak (\d+) gtt peak (\d+) MiB", notes)
    if both:
        return int(both.group(1)) + int(both.group(2))
    one = re.search(r"vram_peak_mib (\d+)", notes)
    return int(one.group(1)) if one else None


def main():
    left_out = {}
    rows = {}
    sources = {}

    def skip(why):
        left_out[why] = left_out.get(why, 0) + 1

    for line in open(f"{sys.argv[1]}/speed_consumer.jsonl", encoding="utf-8"):
        row = json.loads(line)
        notes = row.get("notes") or ""
        peak = peak_of(notes)
        if row["engine"] != "llama.cpp" or peak is None:
            continue
        if row["quant"].upper().startswith("UD-") or "reap" in row["quant"]:
            skip("hand-made mix or pruned model: its size follows from no rule")
            continue
        allocated = re.search(r"max_model_len (\d+)", notes)
        bench = "gtt peak" in notes
        if not allocated and not bench:
            skip("context not stated")
            continue
        if row["n_devices"] != 1 or row["device_id"] not in DEVICES:
            skip("several cards, or a device that is not named")
            continue
        date = re.search(r"20\d\d-\d\d-\d\d", notes)
        scenario = {"model": row["model"], "format": row["quant"].lower(), "engine": "llama.cpp",
                    "engine_version": date.group(0), "backend": row["backend"], "device": DEVICES[row["device_id"]],
                    "gpu_layers": 999, "parallel_slots": 1}
        if bench:
            batch = re.search(r"n_batch=(\d+)", notes)
            scenario["program"] = "cli"
            scenario["context"] = (row["prompt_tokens"] or 0) + (row["gen_tokens"] or 0) + (row["context_depth"] or 0)
            scenario["batch"] = int(batch.group(1))
            scenario["flash_attention"] = bool(row["flash_attn"])
        else:
            scenario["context"] = int(allocated.group(1))
        if row["kv_type"] and row["kv_type"] != "f16":
            scenario["kv_type"] = row["kv_type"]
        key = json.dumps(scenario, sort_keys=True)
        kept = rows.setdefault(key, {"scenario": scenario, "peaks": [], "source": row["source"].split(" ")[0]})
        kept["peaks"].append(peak)
        sources.setdefault(kept["source"], f"s{len(sources) + 1}")

    print(json.dumps({"kind": "memory", "about": "peak memory of a card while llama.cpp ran on it, as the driver reported it",
                      "sources": {v: k for k, v in sources.items()}, "left_out": left_out}))
    for n, key in enumerate(sorted(rows)):
        row = rows[key]
        peaks = sorted(row["peaks"])
        print(json.dumps({"id": f"lc-card-{n + 1}", "scenario": row["scenario"],
                          "measured": {"/memory/devices/0/total": peaks[len(peaks) // 2] * MIB},
                          "rounding": {"/memory/devices/0/total": MIB // 2}, "source": sources[row["source"]]},
                         separators=(",", ":")))


if __name__ == "__main__":
    main()
