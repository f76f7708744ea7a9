#!/usr/bin/env python3
"""Bring a collection of published benchmark scores into data/benchmarks.

Input: JSON with "rows": model, variant, benchmark, version, metric, value, shots, source, kind, as collected
from model cards, technical reports and leaderboards. Output: tests.json, one record per benchmark, version and
set-up (scores are compared within one record only), with the questions it bears on; and one file per family
with the scores by model, variant and source.

usage: import_benchmarks.py SCORES.json
"""
import collections
import glob
import json
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
OUT = os.path.join(ROOT, "data", "benchmarks")

# Which use cases a benchmark bears on: the first pattern that its name matches.
USES = [
    (r"^(mteb|cmteb|c-mteb|mmteb|mldr|followir|mmeb|jinavdr|vidore)", ["embedding"]),
    (r"^(librispeech|common voice|covost|fleurs|wenetspeech|vocalsound|meld|mmau|voicebench|aishell|air-bench)", []),
    (r"^(mmmu|mathvista|mathvision|mmstar|realworldqa|videomme|videommmu|lvbench|hallusionbench|docvqa|ocrbench|"
     r"mvbench|ai2d|mlvu|simplevqa|cc-ocr|dynamath|v\*|zerobench|babyvision|mmbench|charxiv|countbench|"
     r"vlmsareblind|refcoco|chartqa|erqa|medxpertqa-mm|omnidocbench|infovqa|odinw|mmlongbench|tir-bench|"
     r"embspatial|refspatial|mmvu|textvqa|lingoqa|slake|mmvet|egoschema|mtvqa|mme|perceptiontest|charadessta|"
     r"muirbench|vcr|mmt-bench|megabench|mm-mt|we-math|logicvista|lmarena vision|pmc-vqa|crpe|clawe?val-mm|"
     r"claw-?eval-mm|vision2web)", ["vision"]),
    (r"^(screenspot|androidworld|osworld|android control|aitz)", ["vision", "agents"]),
    (r"^(bfcl|tau\d|terminal-bench|swe-bench|vita|deepplanning|widesearch|browsecomp|tool|mcp|skillsbench|"
     r"qwenclaw|claw|coworkbench|jobbench|agents'|livebench agentic|t-eval|seal-0|qwenswe|deepswe|nl2repo|"
     r"hle w/ tool)", ["agents"]),
    (r"^(humaneval|mbpp|evalplus|livecodebench|bigcodebench|multipl-e|codeforces|cfeval|ojbench|aider|cruxeval|"
     r"crux-o|fullstack|bird|spider|canitedit|crosscode|repoeval|livebench coding|qwenwebbench)", ["code"]),
    (r"^(gsm8k|math$|math-500|aime|hmmt|theoremqa|olympiad|minerva|gaokao|imoanswer|livebench math|"
     r"mmlu-stem|zebralogic)", ["math"]),
    (r"^(include|mmmlu|mmlu-prox|multiif|polymath|mt-aime|mlogiqa|multi-|multilingual|mgsm|nova-63|global piqa|"
     r"wmt|maxife|m-mmlu|ifeval \(multi|.*mmlu \(|blend|okapi|belebele)", ["multilingual"]),
    (r"^(ruler|longbench|aa-lcr|l-eval|lv-eval|niah|mrcr)", ["long-context"]),
    (r"^(mmlu|gpqa|ifeval|livebench|arena-hard|alignbench|mt-bench|writingbench|creative|supergpqa|bbh|c-eval|cmmlu|"
     r"lmarena text|ifbench|alpacaeval|multichallenge|hle$|artificial|arc-c|truthfulqa|hellaswag|winogrande|"
     r"autologi|simpleqa)", ["chat"]),
]
# Benchmarks of several subjects: what people build on agents and code is tested by both.
ALSO = [(r"^(swe-bench|terminal-bench|qwenswe|deepswe|nl2repo|livebench agentic)", "code")]
LOWER = re.compile(r"lower is better|\bWER\b|hallucination rate", re.I)
OPEN_SCALE = re.compile(r"elo|^codeforces|^cfeval|lmarena|qwenwebbench|^mme$|artificial analysis|followir", re.I)


def uses(name):
    folded = name.lower()
    found = next((list(u) for pattern, u in USES if re.search(pattern, folded)), [])
    return found + [u for pattern, u in ALSO if re.search(pattern, folded) and u not in found]


def scale(name, version, metric, values):
    """The best score possible; 0 where the scale is open (Elo, ratings)."""
    text = " ".join([name, version, metric])
    if OPEN_SCALE.search(text) or "Elo" in metric:
        return 0
    if "0-1000" in version:
        return 1000
    if "0-100 " in version + " ":
        return 100
    if "0-10 " in version + " " or name in ("MT-Bench", "AlignBench"):
        return 10 if max(values) <= 10 else 0
    if max(values) <= 100 and min(values) >= 0:
        return 100
    return 1000 if name.startswith("OCRBench") and max(values) <= 1000 else 0


def plain(metric):
    """What is plain accuracy needs no metric; intervals of an Elo are no set-up of their own."""
    if metric in ("pass@1", "accuracy", "overall accuracy", "ACC", "SR", "exact match"):
        return ""
    return "Elo" if metric.startswith("Elo") else metric


def slug(text):
    folded = text.lower().replace("+", "-plus").replace("*", "-star")
    return re.sub(r"[^a-z0-9.]+", "-", folded).strip("-.")


def catalog_ids():
    ids = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "data", "models", "*.json"))):
        for model in json.load(open(path, encoding="utf-8"))["models"]:
            names = [model["id"], model["name"]] + model.get("aliases", [])
            for name in names + [v["name"] for v in model.get("variants", [])]:
                ids.setdefault(name.lower(), (model["id"], model["family"]))
    return ids


def write(path, what, records):
    with open(path, "w", encoding="utf-8") as out:
        out.write('{\n "$schema": "../schema/benchmarks.schema.json",\n "%s": [\n' % what)
        out.write(",\n".join("  " + json.dumps(r, ensure_ascii=False) for r in records))
        out.write("\n ]\n}\n")


def main():
    rows = json.load(open(sys.argv[1], encoding="utf-8"))["rows"]
    ids = catalog_ids()
    tests = collections.OrderedDict()
    reports = collections.OrderedDict()
    left_out = collections.Counter()
    for row in rows:
        if row["model"].lower() not in ids:
            left_out[row["model"]] += 1
            continue
        key = tuple((row[k] or "").strip() for k in ("benchmark", "version", "metric", "shots"))
        key = (key[0], key[1], plain(key[2]), key[3])
        tests.setdefault(key, []).append(row["value"])
        model, family = ids[row["model"].lower()]
        report = (family, model, row["variant"], row["source"], row["kind"])
        scores = reports.setdefault(report, [])
        if (key, row["value"]) not in scores:
            scores.append((key, row["value"]))

    records, names = [], {}
    for key in sorted(tests, key=lambda k: [part.lower() for part in k]):
        name, version, metric, shots = key
        test = slug(" ".join(part for part in (name, version, shots) if part))[:48]
        taken = sum(1 for other in names.values() if other == test or other.startswith(test + "."))
        if taken:
            test += ".%d" % (taken + 1)
        names[key] = test
        record = {"id": test, "name": name}
        set_up = ", ".join(part for part in (version, shots) if part)
        if set_up:
            record["version"] = set_up
        if metric and not metric.startswith("category average"):
            record["metric"] = metric
        best = scale(name, version, metric, tests[key])
        if best:
            record["scale"] = best
        if LOWER.search(" ".join([name, metric])):
            record["lower_is_better"] = True
        if uses(name):
            record["uses"] = uses(name)
        records.append(record)

    os.makedirs(OUT, exist_ok=True)
    write(os.path.join(OUT, "tests.json"), "benchmarks", records)
    families = collections.OrderedDict()
    for report, scores in sorted(reports.items(), key=lambda r: r[0]):
        family, model, variant, source, kind = report
        record = {"model": model, "variant": variant, "source": source}
        if kind != "official":
            record["third_party"] = True
        record["scores"] = [[names[key], value] for key, value in scores]
        families.setdefault(family, []).append(record)
    total = 0
    for family, reports_of_family in families.items():
        write(os.path.join(OUT, slug(family) + ".json"), "scores", reports_of_family)
        total += sum(len(r["scores"]) for r in reports_of_family)
    print("%d scores of %d benchmarks; left out, not in the catalog: %s" % (total, len(records), dict(left_out)))


if __name__ == "__main__":
    main()
