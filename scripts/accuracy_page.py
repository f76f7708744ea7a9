#!/usr/bin/env python3
"""Write the tables of docs/accuracy.md anew from the scores that scripts/fit_speed.py stored in data/speed/model.json.

usage: accuracy_page.py
"""
import json
import os
import re

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PAGE = os.path.join(ROOT, "docs", "accuracy.md")
ROWS = [("single local", "single stream, local engines"), ("single local, MoE", "the same, MoE only"),
        ("single serving", "single stream, serving engines"), ("batched serving", "inter-token latency at concurrency"),
        ("offload", "partial offload"), ("prefill", "prefill"), ("batched local", "local engines at concurrency"),
        ("ttft", "time to first token"), ("transformers", "transformers")]
TABLES = ["cells left out", "in the fit", "devices left out", "sources left out"]


def table(scores):
    lines = ["| rows | n | cells | bias | median error | within 20% | 90th percentile | in the 80% interval |", "|---|---|---|---|---|---|---|---|"]
    for key, title in ROWS:
        if key in scores:
            s = scores[key]
            lines.append(f"| {title} | {s['rows']} | {s['cells']} | {s['bias']:+.1%} | {s['median']:.1%} | "
                         f"{s['within_20']:.1%} | {s['p90']:.1%} | {s['coverage']:.1%} |")
    return "\n".join(lines)


def main():
    with open(os.path.join(ROOT, "data", "speed", "model.json"), encoding="utf-8") as source:
        scores = json.load(source)["cross_validation"]
    with open(PAGE, encoding="utf-8") as source:
        page = source.read()
    tables = iter([table(scores[name]) for name in TABLES])
    page = re.sub(r"\| rows \|.*?\n(?=\n)", lambda _: next(tables) + "\n", page, flags=re.S)
    with open(PAGE, "w", encoding="utf-8") as out:
        out.write(page)


if __name__ == "__main__":
    main()
