#!/usr/bin/env python3
"""Bring the publisher's own figures for long prompts into data/benchmarks/official-tables.json.

Input: JSON lines of measurements (id, model, quant, engine, device, metric, value, raw_value, raw_unit, source,
prompt_tokens or settings.prompt_tokens). Taken are the 16-bit rows of the official speed tables with 30,720 tokens
in and 2,048 out on one card by transformers: peak memory ("memory_gb_30720", as printed, megabytes as 10^6 bytes)
tokens generated a second with the time of the prompt ("tok_s_with_prefill_30720"), and where a table counts the
prompt's tokens too, as that of Qwen3 does, tokens of both a second ("tok_s_prompt_counted_30720"). Figures of these
kinds that are there already are replaced; what the input does not have stays.

usage: import_official_figures.py FILE.jsonl ...
"""
import glob
import json
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
OUT = os.path.join(ROOT, "data", "benchmarks", "official-tables.json")
WHAT = {"peak_memory_gb": "memory_gb_30720", "e2e_gen_tok_s": "tok_s_with_prefill_30720",
        "total_tok_s": "tok_s_prompt_counted_30720"}


def models():
    found = set()
    for name in glob.glob(os.path.join(ROOT, "data", "models", "*.json")):
        with open(name, encoding="utf-8") as file:
            found.update(m["id"] for m in json.load(file)["models"])
    return found


def figure(row, known):
    prompt = row.get("prompt_tokens") or row.get("settings", {}).get("prompt_tokens")
    link = re.search(r"https?://[^\s)]+", row["source"])
    model = row["model"].lower()
    if (not re.match(r"qwen[0-9.]+-docs-", row["id"]) or row["quant"] != "BF16" or row["engine"] != "transformers"
            or row.get("n_devices") != 1 or prompt != 30720 or row["metric"] not in WHAT or model not in known
            or not link):
        return None
    value = row["raw_value"] / 1000 if row.get("raw_unit") == "MiB" else row["value"]
    return {"model": model, "format": "bf16", "engine": "transformers", "devices": 1, "what": WHAT[row["metric"]],
            "value": value, "setting": f"{row['device']}, transformers {row['engine_version']}, BF16",
            "source": link.group()}


def main():
    known, found = models(), {}
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            for line in file:
                one = figure(json.loads(line), known)
                if one:
                    found[one["model"], one["what"]] = one
    with open(OUT, encoding="utf-8") as file:
        data = json.load(file)
    kept = []
    for f in data["official_figures"]:
        if f["what"] in WHAT.values():
            found.setdefault((f["model"], f["what"]), f)
        else:
            kept.append(f)
    lines = ",\n".join("  " + json.dumps(f, ensure_ascii=False) for f in kept + [found[k] for k in sorted(found)])
    with open(OUT, "w", encoding="utf-8") as file:
        file.write('{\n "$schema": "../schema/benchmarks.schema.json",\n "official_figures": [\n' + lines + "\n ]\n}\n")
    print(f"{len(found)} figures")


if __name__ == "__main__":
    main()
