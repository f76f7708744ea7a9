#!/usr/bin/env python3
"""Where the files of a model can be had, from a collection of published checkpoint sizes: data/downloads/gguf.json.

The collection has one JSON object a line: model, repo, file, format, what (gguf, ollama ...), source. Kept:
  - GGUF files of whole models, of the publishers below in that order: of each model and format the first that has it;
  - tags of Ollama's registry that say size and format: "qwen3:8b" with the formats that may follow it.

usage: import_downloads.py COLLECTION.jsonl
"""
import collections
import glob
import json
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PUBLISHERS = ["Qwen", "ggml-org", "unsloth", "bartowski", "lmstudio-community"]
PARTS = r"mmproj|lora|dflash|(^|/)mtp-|-mtp-(\d|bf|mx|nv)|imatrix"


def folded(name):
    return re.sub(r"[^a-z0-9.]", "", name.lower())


def catalog():
    """Folded name of a repository -> that repository; folded name of a format -> its id."""
    repos, formats = {}, {}
    for path in glob.glob(os.path.join(ROOT, "data", "models", "*.json")):
        for m in json.load(open(path, encoding="utf-8"))["models"]:
            for hf_id in [m.get("hf_id", "")] + [v["hf_id"] for v in m.get("variants", [])]:
                if hf_id:
                    repos[folded(hf_id.split("/")[-1])] = hf_id
    for path in glob.glob(os.path.join(ROOT, "data", "formats", "*.json")):
        for f in json.load(open(path, encoding="utf-8")).get("formats", []):
            for name in [f["id"], f["name"]] + f.get("aliases", []):
                formats[re.sub(r"[^a-z0-9]", "", name.lower())] = f["id"]
    return repos, formats


def gguf_of(row, repos, formats):
    """(repository of the model, repository of the files, format) of a GGUF file, or nothing."""
    repo = row.get("repo") or ""
    if row["what"] != "gguf" or repo.split("/")[0] not in PUBLISHERS or not repo.lower().endswith("-gguf"):
        return None
    if re.search(PARTS, (row.get("file") or "").lower()):
        return None
    name = re.sub(r"^(Qwen|deepseek-ai)_", "", repo.split("/")[1])[: -len("-GGUF")]
    model = repos.get(folded(name))
    kind = formats.get(re.sub(r"[^a-z0-9]", "", row["format"].lower()))
    return model and kind and (model, repo, kind)


def ollama_of(row, repos, formats):
    """The same of a tag: family:size[-variant]-FORMAT."""
    if row["what"] != "ollama" or ":" not in row["model"]:
        return None
    family, tag = row["model"].split(":", 1)
    parts = re.fullmatch(r"(.+)-((i?q\d\w*)|fp16|bf16)", tag)
    if not parts:
        return None
    size, kind = parts.group(1), formats.get(re.sub(r"[^a-z0-9]", "", parts.group(2).lower()))
    spelled = re.sub(r"vl$", "-vl", family) + "-" + size.replace("chat-v1.5", "chat")
    spelled = re.sub(r"^qwen-", "qwen1.5-" if "v1.5" in size else "qwen-", spelled).replace("-v1.5", "")
    for name in (spelled, spelled + "-instruct" if "2507" not in spelled else spelled):
        model = repos.get(folded(name))
        if model and kind:
            return model, "ollama:%s:%s" % (family, size), kind
    return None


def main():
    repos, formats = catalog()
    have = collections.defaultdict(dict)  # (repository of the model, gguf or ollama) -> format -> name
    sources = {}
    rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    rows.sort(key=lambda r: PUBLISHERS.index(r["repo"].split("/")[0])
              if (r.get("repo") or "").split("/")[0] in PUBLISHERS else 99)
    for row in rows:
        for find, place in ((gguf_of, "gguf"), (ollama_of, "ollama")):
            found = find(row, repos, formats)
            if found:
                have[(found[0], place)].setdefault(found[2], found[1])
                sources.setdefault(found[1], row["source"].removeprefix("github:"))
    downloads = collections.defaultdict(list)
    for (of, place), files in have.items():
        for kind, name in files.items():
            downloads[(of, name, place)].append(kind)
    records = [{"id": re.sub("[/:]", ".", name.lower()), "registry": "ollama" if place == "ollama" else "hugging_face",
                "name": name.removeprefix("ollama:"), "of": of, "formats": sorted(kinds), "source": sources[name]}
               for (of, name, place), kinds in sorted(downloads.items())]
    lines = ",\n".join("  " + json.dumps(r) for r in records)
    with open(os.path.join(ROOT, "data", "downloads", "gguf.json"), "w", encoding="utf-8") as out:
        out.write('{\n "$schema": "../schema/catalog.schema.json",\n "downloads": [\n%s\n ]\n}\n' % lines)
    print("%d repositories and tags of %d models" % (len(records), len({r["of"] for r in records})))


if __name__ == "__main__":
    main()
