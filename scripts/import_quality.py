#!/usr/bin/env python3
"""Turns published scores of quantized models into data/quality/scores.json.

    scripts/import_quality.py ROWS.json [data]

ROWS.json holds {"rows": [{"model", "format", "metric", "value", "baseline", "baseline_value", "source", ...}]}: one
score of one model in one format, with that of the unquantized model from the same table. Rows of one source, model
and metric become one table; formats get the ids of data/formats, models those of data/models. What the catalog has
no format for (research recipes, mixes that nobody publishes) is left out, and counted on standard error.

Needs nothing beyond the standard library.
"""

import collections
import json
import pathlib
import re
import sys

# How sources write formats, as patterns over the folded text.
FORMATS = [
    (r"int4", "gptq-int4"), (r"int8", "gptq-int8"), (r"gptq-int4", "gptq-int4"), (r"gptq-int8", "gptq-int8"),
    (r"awq", "awq-int4"), (r"bf16", "bf16"), (r"fp8_block rtn", "fp8"), (r"fp8_block tuning", "fp8"),
    (r"mxfp4( .*rtn\)?)?", "mxfp4"), (r"mxfp4 .*iters 200\)", "mxfp4"), (r"mxfp4 g32 .*", "mxfp4"),
    (r"nvfp4 +g16 .*", "nvfp4"),
    (r"gguf q(\d)ks(-opt-rtn)?", r"q\1_k_s"), (r"gguf q(\d)km", r"q\1_k_m"), (r"gguf (q\d_k_[sml])", r"\1"),
]
# Notes that tell apart rows of one format in one table; the first that occurs is kept as the format's score.
MAKERS = ["imatrix wt 10m", "imatrix", "autoround+alg_ext", "autoround", "tuning", "iters 200", "optimized rtn", "rtn",
          "ocp", "no imatrix", ""]
# "kl_divergence" and "perplexity" are better when lower, "accuracy" when higher.
KINDS = [(r"kld|kl.divergence", "kl_divergence"), (r"perplexity|ppl", "perplexity"), (r"delta-p|Δp|top p", "token_probability")]


def fold(text):
    return re.sub(r"[^a-z0-9.]+", "", re.sub(r"(?<=\d)_(?=\d)", ".", text.lower()))


def series(source):
    """One file a format of one test series counts as one source: the folder."""
    return re.sub(r"(:benchmark_results/.*/)[^/]*\.json$", r"\1", source)


def kind_of(metric):
    for pattern, kind in KINDS:
        if re.search(pattern, metric, re.I):
            return kind
    return "accuracy"


def format_of(text, known):
    """The catalog's id and what else the text says of how the file was made."""
    word = text.lower().strip()
    for maker in (r" imatrix wt \w+", r" \(no imatrix\)", r" imatrix"):
        found = re.search(maker, word)
        if found:
            return fold_format(word[:found.start()], known), found.group(0).strip(" ()")
    return fold_format(word, known), ""


def fold_format(word, known):
    for pattern, ident in FORMATS:
        if re.fullmatch(pattern, word):
            return re.sub(pattern, ident, word)
    return known.get(fold(word.split("/")[-1]))


def catalog(data, folder, key):
    records = []
    for path in sorted((data / folder).glob("*.json")):
        records += json.loads(path.read_text()).get(key, [])
    return records


def main():
    rows = json.loads(pathlib.Path(sys.argv[1]).read_text())["rows"]
    data = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "data")
    formats = {fold(name): f["id"] for f in catalog(data, "formats", "formats")
               for name in [f["id"], f["name"], *f.get("aliases", [])]}
    models = {}
    for m in catalog(data, "models", "models"):
        for name in [m["id"], m["name"], *m.get("aliases", []), *(v["name"] for v in m.get("variants", []))]:
            models.setdefault(fold(name), m["id"])
    # The two labels that are no full names.
    models[fold("Qwen3-Coder-30B")] = models[fold("Qwen3-Coder-30B-A3B-Instruct")]

    tables = collections.defaultdict(lambda: collections.defaultdict(list))
    left = collections.Counter()
    for row in rows:
        ident, made = format_of(row["format"], formats)
        if not ident:
            left["no format of the catalog: " + row["format"]] += 1
            continue
        if row["baseline_value"] is None and kind_of(row["metric"]) == "accuracy":
            left["no score of the unquantized model"] += 1
            continue
        note = row.get("note", "")
        made = ", ".join(x for x in [made, row.get("algorithm", "").lower(), "" if "digitized" in note else note] if x)
        if not made and not re.fullmatch(r"[a-z0-9_.-]+", row["format"].lower()):
            made = row["format"].lower()
        tables[series(row["source"]), row["model"], row["metric"]][ident].append((made, row))

    def is_average(metric):
        return metric.lower().startswith(("avg", "average"))

    parts = collections.Counter((source, model) for source, model, metric in tables
                                if kind_of(metric) == "accuracy" and not is_average(metric))
    out, used = [], collections.Counter()
    for (source, model, metric), scores in tables.items():
        if kind_of(metric) == "token_probability":
            left["a metric of single tokens"] += sum(map(len, scores.values()))
            continue
        if is_average(metric) and parts[source, model] > 1:
            left["an average of scores that stand beside it"] += sum(map(len, scores.values()))
            continue
        kept = []
        for ident, found in scores.items():
            rank = lambda item: next(i for i, maker in enumerate(MAKERS) if maker in item[0])
            made, row = min(found, key=rank)
            left["another recipe of the same format"] += len(found) - 1
            kept.append({"format": ident, "value": row["value"], **({"made": made} if made else {})})
        baseline = next((row["baseline_value"] for found in scores.values() for _, row in found
                         if row["baseline_value"] is not None), None)
        if all(score["format"] == "bf16" for score in kept):
            left["only the unquantized model"] += len(kept)
            continue
        ident = re.sub(r"[^a-z0-9.]+", "-", f"{model} {metric}".lower()).strip("-")[:60]
        used[ident] += 1
        table = {"id": ident if used[ident] == 1 else f"{ident}-{used[ident]}", "label": model}
        if fold(model) in models:
            table["model"] = models[fold(model)]
        table |= {"metric": metric, "kind": kind_of(metric)}
        if baseline is not None and kind_of(metric) in ("accuracy", "perplexity"):
            table["baseline"] = baseline
        if source.startswith("github:QwenLM/"):
            table["official"] = True
        if any("digitized" in row.get("note", "") for found in scores.values() for _, row in found):
            table["digitized"] = True
        out.append(table | {"scores": kept, "source": source})

    text = json.dumps({"$schema": "../schema/catalog.schema.json", "quality_tables": out}, indent=1, ensure_ascii=False)
    text = re.sub(r"\{\s+(\"format\": [^{}]*?)\s+\}", lambda m: "{" + re.sub(r"\s*\n\s*", " ", m.group(1)) + "}", text)
    (data / "quality").mkdir(exist_ok=True)
    (data / "quality" / "scores.json").write_text(text + "\n")
    print(f"{len(rows)} rows: {sum(len(t['scores']) for t in out)} scores in {len(out)} tables", file=sys.stderr)
    for reason, count in left.most_common():
        print(f"  left out {count}: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
