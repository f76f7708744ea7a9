#!/usr/bin/env python3
"""Bring a collection of published checkpoint sizes into data/measurements/memory-sizes.jsonl.

The collection has one JSON object a line: model, repo, file, format, what (gguf, ollama, safetensors-total ...), and
either bytes or gb_as_printed with its unit; source and note. Left out, and counted in the first line of the result:
  - what is not a whole model of this catalog: drafters, LoRA files, MTP blocks alone, vision projectors, ONNX and MNN;
  - models whose name is not one of the catalog's (fine-tunes: nothing says that their shape is the same);
  - formats that the catalog does not have;
  - figures whose last printed digit is more than 2.5% of them;
  - tags of Ollama whose size includes a projector, and download sizes that do (lemonade);
  - catalogs whose figures mix decimal and binary units: cards of exo, docker/model-cards, gpt4all.
Rows that differ in nothing but the source are one. A repository in all of its files holds a tokenizer beside the
tensors (up to 17 MB): the row's rounding says so.

usage: import_published_sizes.py COLLECTION.jsonl
"""
import collections
import glob
import json
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
UNITS = {"GiB": 2**30, "GB": 1e9, "MiB": 2**20, "MB": 1e6}
TOKENIZER = 17_000_000
COARSE = 0.025


def folded(name):
    return re.sub(r"[^a-z0-9.]", "", name.lower())


def catalog_names():
    """Every name of a model that stands in the catalog, and every name of a format."""
    models, formats = set(), {}
    for path in glob.glob(os.path.join(ROOT, "data", "models", "*.json")):
        for m in json.load(open(path, encoding="utf-8"))["models"]:
            names = [m["id"], m["name"], m.get("hf_id", "")] + m.get("aliases", [])
            names += [v["hf_id"] for v in m.get("variants", [])]
            models.update(folded(n.split("/")[-1]) for n in names if n)
    for path in glob.glob(os.path.join(ROOT, "data", "formats", "*.json")):
        for f in json.load(open(path, encoding="utf-8")).get("formats", []):
            for name in [f["id"], f["name"]] + f.get("aliases", []):
                formats[re.sub(r"[^a-z0-9]", "", name.lower())] = f["id"]
    return models, formats


def plain_model(row):
    """The model's name without what packaging added to it."""
    name = re.sub(r"[-_.]+$", "", row["model"])
    name = re.sub(r"^(Qwen|deepseek-ai)_", "", name)
    return re.sub(r"-(MTP|128K|1M|UD|GGUF)(?=-|$)", "", name)


def size_of(row):
    """Bytes, and half of the last printed digit."""
    if "bytes" in row:
        return row["bytes"], 0
    unit = UNITS.get(row.get("unit"))
    if not unit:
        return None, 0
    printed = repr(row["gb_as_printed"])
    digits = len(printed.split(".")[1]) if "." in printed else 0
    if printed.endswith(".0") and row["unit"] in ("GB", "MB") and row["what"] == "ollama":
        digits = 0  # ollama.com prints two significant digits, "18GB"
    return row["gb_as_printed"] * unit, 0.5 * 10**-digits * unit * row.get("parts", 1)


def scenario_of(row, models, formats):
    """The scenario of a row, or why there is none."""
    what, repo = row["what"], row.get("repo") or ""
    name = (row.get("file") or repo or row["model"]).lower()
    if what in ("mmproj", "onnx-repo", "mnn-repo"):
        return None, {"mmproj": "vision projectors", "onnx-repo": "ONNX", "mnn-repo": "MNN"}[what]
    if re.search(r"exo-explore|docker/model-cards|gpt4all", row["source"]):
        return None, "a catalog that mixes units"
    if "mmproj" in row.get("note", ""):
        return None, "a download with its projector"
    if re.search(r"dflash|lora|(^|/)mtp-|experiments|-mtp-(\d|bf|mx|nv)", name + " " + repo.lower()):
        return None, "a part of a model: drafter, LoRA, MTP block"
    if what == "ollama":
        if re.search(r"vl|qwen3\.[5-9]|mlx|cloud", row["model"]):
            return None, "an Ollama tag with a projector, or in MLX"
        return {"model": row["model"], "engine": "ollama"}, None
    if folded(plain_model(row)) not in models:
        return None, "a model that the catalog does not name"
    owner = repo.split("/")[0] if "/" in repo and ":" not in repo else ""
    if what in ("gguf", "gguf-tensors"):
        kind = re.sub(r"[^a-z0-9]", "", row["format"].lower().removeprefix("i1-").replace("_mtp", ""))
        if kind not in formats:
            return None, "a format that the catalog does not have"
        mtp = "-MTP" if "mtp" in name or "MTP" in row["model"] else ""
        model = "%s/%s%s-GGUF" % (owner, plain_model(row), mtp) if owner else plain_model(row) + mtp
        return {"model": model, "format": formats[kind], "engine": "llama.cpp"}, None
    if re.search(r"optiq|dwq|unnamed|-ud", (row["format"] + repo).lower()):
        return None, "MLX files whose mix is not stated"
    scenario = {"model": repo or row["model"]}
    if row["format"].lower().startswith("mlx") or "mlx" in repo.lower():
        kind = re.sub(r"[^a-z0-9]", "", row["format"].lower())
        kind = formats.get(kind if kind.startswith("mlx") else "mlx" + kind)
        if row["format"].lower() == "mlx-bf16":
            kind = "bf16"
        if not kind:
            return None, "a format that the catalog does not have"
        scenario.update(format=kind, engine="mlx")
    elif row["format"] in ("BF16", "as published"):
        scenario.update(format="bf16", engine="vllm")
    elif row["format"] == "FP8":
        scenario.update(format="fp8", engine="vllm")
    else:
        return None, "a format that the catalog does not have"
    return scenario, None


def main():
    models, formats = catalog_names()
    left_out, sources, rows = collections.Counter(), {}, {}
    for line in open(sys.argv[1], encoding="utf-8"):
        row = json.loads(line)
        scenario, why = scenario_of(row, models, formats)
        size, rounding = size_of(row)
        if scenario and size is None:
            why = "no size"
        if scenario and not why and rounding > COARSE * size:
            why = "printed too coarsely"
        if why:
            left_out[why] += 1
            continue
        if row["what"] == "repo-total":
            rounding += TOKENIZER
        quantity = "/weights/bytes" if row["what"] == "gguf-tensors" else "/weights/file_bytes"
        source = row["source"].removeprefix("github:")
        if "apex-quant" in source:
            source = source.split(":")[0]
        sources.setdefault(source, "s%d" % (len(sources) + 1))
        out = {"scenario": scenario, "measured": {quantity: round(size)}, "source": sources[source]}
        if rounding:
            out["rounding"] = {quantity: round(rounding)}
        key = json.dumps([scenario, quantity, round(size)])
        if key in rows:
            left_out["the same figure from a second source"] += 1
            continue
        rows[key] = out
    head = {"kind": "memory", "about": "Sizes of published files: GGUF, Ollama, MLX and other checkpoints. A name "
            "with an owner is that publisher's file. Made by scripts/import_published_sizes.py, whose head says what "
            "is left out.", "sources": {v: k for k, v in sources.items()}, "left_out": dict(left_out)}
    with open(os.path.join(ROOT, "data", "measurements", "memory-sizes.jsonl"), "w", encoding="utf-8") as out:
        out.write(json.dumps(head) + "\n")
        for i, row in enumerate(rows.values()):
            out.write(json.dumps(dict({"id": "size-%d" % (i + 1)}, **row)) + "\n")
    print(len(rows), "rows;", sum(left_out.values()), "left out:", dict(left_out))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
