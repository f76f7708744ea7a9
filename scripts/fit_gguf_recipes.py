#!/usr/bin/env python3
"""Make data/formats/gguf-recipes.json and gguf-published.json from the published sizes of memory-sizes.jsonl.

Publishers' own mixes (UD-*) follow no rule that is known. What is kept of them:
  - the size of each published file, for models with the same text part (the newest source of a file wins);
  - for its other formats of the same model, what the publisher's files of that model say: how much larger or smaller than
    usual they are, near formats first ("derived");
  - for all other models, how much larger such files are than those of the file type that the mix starts from: the
    median over the models of a kind (dense, moe, hybrid-dense, hybrid-moe). Printed beside it: the error of that
    ratio for a model that is left out of it.
bartowski's *_L mixes have a rule: embedding and head in Q8_0. UD-Q8_K_XL has half of one: with embedding and head taken
as BF16, what is left is nearly the same share of every model of a kind; the ratios are of such files.
Under the names of llama-quantize some publishers have mixes of their own too (MoE, mostly): sizes that the rule
misses by more than the rounding and 0.3% are kept with the publisher, and used when the name says whose file it is.

usage: fit_gguf_recipes.py QWENFIT     the program, built before; run it twice when formats are new
"""
import collections
import json
import math
import os
import statistics
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
# Name, the file type it starts from, type of embedding and head where it is known.
UD = """IQ1_S iq1_s;IQ1_M iq1_m;IQ2_XXS iq2_xxs;IQ2_XS iq2_xs;IQ2_M iq2_m;IQ3_XXS iq3_xxs;IQ3_S iq3_s;IQ4_XS iq4_xs
IQ4_NL iq4_nl;TQ1_0 tq1_0;Q1_0 q1_0;Q2_K_XL q2_k;Q3_K_S q3_k_s;Q3_K_M q3_k_m;Q3_K_XL q3_k_m;Q4_K_S q4_k_s
Q4_K_M q4_k_m;Q4_K_L q4_k_m;Q4_K_XL q4_k_m;Q5_K_S q5_k_s;Q5_K_M q5_k_m;Q5_K_XL q5_k_m;Q6_K q6_k;Q6_K_S q6_k
Q6_K_M q6_k;Q6_K_L q6_k;Q6_K_XL q6_k;Q8_K_XL q8_0"""
HEAD = {"ud-q8_k_xl": "bf16"}
LARGE = {"q2_k_l": "q2_k", "q3_k_xl": "q3_k_l", "q4_k_l": "q4_k_m", "q5_k_l": "q5_k_m", "q6_k_l": "q6_k"}
KEPT = ("nominal_bits", "retention", "quality", "quality_source", "quality_rank", "aliases")


def records(folder, kind):
    out = {}
    path = os.path.join(ROOT, "data", folder)
    for name in sorted(os.listdir(path)):
        for record in json.load(open(os.path.join(path, name), encoding="utf-8")).get(kind, []):
            out[record["id"]] = record
    return out


def ask(program, scenarios):
    asked = "\n".join(json.dumps(s) for s in scenarios)
    answers = subprocess.run([program, "batch", "-"], input=asked, text=True, capture_output=True).stdout
    return [json.loads(line) for line in answers.splitlines()]


def text_part(model):
    g = model["geometry"]
    keys = ("hidden_size", "layers", "heads", "kv_heads", "head_dim", "intermediate_size", "vocab_size",
            "tied_embeddings", "headless", "moe", "linear_attention")
    return json.dumps([model["arch"], model.get("kind") == "reranker"] + [g.get(k) for k in keys])


def kind_of(model):
    """Qwen3-Next's mixes are those of the MoE models of its year, not those of later hybrids."""
    g = model["geometry"]
    if "linear_attention" in g and model["arch"] != "qwen3_next":
        return "hybrid-moe" if "moe" in g else "hybrid-dense"
    return "moe" if "moe" in g else "dense"


def ends(model):
    """Weights of embedding and head."""
    g = model["geometry"]
    return g["vocab_size"] * g["hidden_size"] * (1 if g.get("tied_embeddings") or g.get("headless") else 2)


class File:
    def __init__(self, row, model, sources):
        self.model, self.format = model, row["scenario"]["format"]
        name = row["scenario"]["model"]
        self.publisher = name.split("/")[0].lower() if "/" in name else ""
        self.mtp = "-MTP" in name
        (self.quantity, self.bytes), = row["measured"].items()
        self.rounding = row.get("rounding", {}).get(self.quantity, 0)
        self.source = sources[row["source"]]
        self.shape, self.kind = text_part(model), kind_of(model)

    def age(self):
        """Newer sources first: the Atomic catalog knows the models of autumn 2026."""
        return (0 if "Atomic" in self.source else 1, self.rounding / self.bytes)


def read_files(program, models):
    lines = open(os.path.join(ROOT, "data", "measurements", "memory-sizes.jsonl"), encoding="utf-8").read().splitlines()
    sources = json.loads(lines[0])["sources"]
    rows = [r for r in map(json.loads, lines[1:]) if r["scenario"]["engine"] == "llama.cpp"]
    answers = ask(program, [{"model": r["scenario"]["model"], "format": "q8_0", "engine": "llama.cpp"} for r in rows])
    return [File(r, models[a["model"]["id"]], sources) for r, a in zip(rows, answers) if "error" not in a]


def mix_sizes(program, wanted):
    """(model id, file type, with MTP) -> file bytes of llama-quantize's mix."""
    wanted = sorted(wanted)
    scenarios = [dict({"model": m, "format": f, "engine": "llama.cpp"},
                      **({"speculative": {"method": "mtp"}} if mtp else {})) for m, f, mtp in wanted]
    return {w: a["weights"]["file_bytes"] for w, a in zip(wanted, ask(program, scenarios)) if "error" not in a}


class Starts:
    """File bytes of what the mixes start from."""

    def __init__(self, sizes, names, models):
        self.sizes, self.names, self.models = sizes, names, models

    def of(self, model, name, mtp):
        size = self.sizes.get((model, self.names[name][1], mtp))
        if size and name in HEAD:  # 16 bit instead of Q8_0
            size += ends(self.models[model]) * (2 - 34 / 32)
        return size


def best_of(files):
    """One file per publisher, format, shape and MTP: the newest, nearest to the middle of its equals."""
    groups = collections.defaultdict(list)
    for f in files:
        groups[(f.publisher, f.format, f.shape, f.mtp)].append(f)
    out = []
    for group in groups.values():
        group.sort(key=File.age)
        newest = [f for f in group if f.age()[0] == group[0].age()[0]]
        middle = statistics.median_low([f.bytes for f in newest])
        out.append(next(f for f in newest if f.bytes == middle))
    return out


def ratios(files, starts):
    """Median ratio per kind; errors of models that are left out of it."""
    by_kind = collections.defaultdict(list)
    for f in files:
        size = starts.of(f.model["id"], f.format, f.mtp)
        if size:
            by_kind[f.kind].append((f, f.bytes / size))
    out, errors = [], []
    for kind, found in sorted(by_kind.items()):
        left = []
        for f, ratio in found:
            rest = [r for other, r in found if other.shape != f.shape]
            if rest:
                left.append(abs(statistics.median(rest) / ratio - 1))
        errors += left
        record = {"models": kind, "ratio": round(statistics.median(r for _, r in found), 4), "rows": len(found)}
        if len(left) > 1:
            record["relative_error"] = round(statistics.median(left), 4)
        out.append(record)
    return out, errors


class Ladder:
    """A publisher's mixes over models: logarithms of their ratios to the file types that they start from."""

    def __init__(self, files, names, formats, starts):
        self.ratio, self.file = {}, {}
        self.bits = {name: formats[start]["bits"] for name, (_, start) in names.items()}
        for f in files:
            size = starts.of(f.model["id"], f.format, f.mtp)
            if size:
                self.ratio[(f.shape, f.mtp, f.format)] = math.log(f.bytes / size)
                self.file[(f.shape, f.mtp, f.format)] = f

    def usual(self, name, kind, but):
        """Median over other models, those of the kind first."""
        found = [(self.file[k].kind == kind, r) for k, r in self.ratio.items() if k[2] == name and k[0] != but]
        alike = [r for same, r in found if same] or [r for _, r in found]
        return statistics.median(alike) if alike else None

    def predict(self, shape, mtp, name, kind):
        """Ratio of a mix of a model from the model's other mixes; None with fewer than three of them."""
        usual = self.usual(name, kind, shape)
        weight, total, n = 0.3, 0.0, 0  # 0.3: what speaks for the usual ratio
        for (s, m, other), ratio in self.ratio.items():
            if s != shape or other == name:
                continue
            base = self.usual(other, kind, shape)
            if base is None:
                continue
            near = math.exp(-abs(self.bits[other] - self.bits[name]) / 0.5) * (1 if m == mtp else 0.7)
            weight, total, n = weight + near, total + near * (ratio - base), n + 1
        return None if usual is None or n < 3 else usual + total / weight

    def error(self):
        """Errors of predictions whose file is known."""
        out = []
        for (shape, mtp, name), ratio in self.ratio.items():
            guess = self.predict(shape, mtp, name, self.file[(shape, mtp, name)].kind)
            if guess is not None:
                out.append(abs(math.exp(guess - ratio) - 1))
        return sorted(out)


def derive(ladder, names, starts, error):
    """Files for the formats that are missing of known models."""
    out = []
    for shape, mtp in sorted({k[:2] for k in ladder.ratio}):
        known = {k[2]: ladder.file[k] for k in ladder.ratio if k[:2] == (shape, mtp)}
        some = next(iter(known.values()))
        for name in names:
            size = starts.of(some.model["id"], name, mtp)
            guess = None if name in known else ladder.predict(shape, mtp, name, some.kind)
            if guess is None or not size:
                continue
            size = round(size * math.exp(guess))
            out.append({"model": some.model["id"], "format": name, "mtp": mtp, "bytes": size,
                        "rounding": round(error * size)})
    return out


def main():
    program = sys.argv[1]
    models, formats = records("models", "models"), records("formats", "formats")
    files = read_files(program, models)
    names = {"ud-" + n.lower(): ("UD-" + n, start) for n, start in
             (pair.split() for pair in UD.replace("\n", ";").split(";"))}
    names.update({n: (formats[n]["name"], start) for n, start in LARGE.items()})
    mixes = [f for f in files if f.format in names]
    plain = [f for f in files if f.format not in names and f.publisher in ("unsloth", "bartowski", "qwen")]
    wanted = {(f.model["id"], start, f.mtp) for f in mixes for _, start in names.values()}
    starts = Starts(mix_sizes(program, wanted), names, models)

    out, all_errors = [], []
    for name, (title, start) in names.items():
        own = [f for f in best_of([f for f in mixes if f.format == name]) if f.publisher == "unsloth"]
        record = {"id": name, "name": title, "scheme": "ggml_recipe", "base": formats[start]["base"],
                  "bits": formats[start]["bits"], "recipe": start}
        bare = title.removeprefix("UD-")
        if bare.endswith("_K_XL") and bare != title and bare.lower() not in LARGE:
            record["aliases"] = [bare]  # nobody else has mixes of this name
        record.update({k: formats[name][k] for k in KEPT if k in formats.get(name, {})})
        if name in LARGE:
            record["head"] = "q8_0"
            record["sources"] = ["bartowski's model cards: embedding and output weights in Q8_0"]
        else:
            if name in HEAD:
                record["head"] = HEAD[name]
            record["ratios"], errors = ratios(own, starts)
            all_errors += errors
            record["sources"] = ["fitted on published files by scripts/fit_gguf_recipes.py"]
            shown = ", ".join("%s %.3f (%d)" % (r["models"], r["ratio"], r["rows"]) for r in record["ratios"])
            if errors:
                errors.sort()
                print("%-12s left out: median %.1f%%, 90%% within %.1f%%   %s"
                      % (title, 100 * statistics.median(errors), 100 * errors[int(0.9 * len(errors))], shown))
        out.append(record)
    all_errors.sort()
    print("models of no known file: median %.2f%%, 90%% within %.1f%%, %d files"
          % (100 * statistics.median(all_errors), 100 * all_errors[int(0.9 * len(all_errors))], len(all_errors)))

    # Of a known shape: what the other files of that shape, publisher and format say.
    by_key = collections.defaultdict(list)
    for f in mixes:
        by_key[(f.publisher, f.format, f.shape, f.mtp)].append(f)
    spread = sorted(abs(statistics.median([g.bytes for g in group if g is not f]) / f.bytes - 1)
                    for group in by_key.values() if len(group) > 1 for f in group)
    print("models with a known file of their shape: median %.2f%%, 90%% within %.1f%%, %d files"
          % (100 * statistics.median(spread), 100 * spread[int(0.9 * len(spread))], len(spread)))

    dynamic = {n: v for n, v in names.items() if n not in LARGE}
    ladder = Ladder([f for f in best_of(mixes) if f.publisher == "unsloth" and f.format in dynamic], dynamic, formats,
                    starts)
    errors = ladder.error()
    print("other formats of a known model: median %.2f%%, 90%% within %.1f%%, %d files"
          % (100 * statistics.median(errors), 100 * errors[int(0.9 * len(errors))], len(errors)))
    derived = derive(ladder, dynamic, starts, statistics.median(errors))

    published = best_of(mixes)
    rule = ask(program, [{"model": f.model["id"], "format": f.format, "engine": "llama.cpp"} for f in plain])
    off = [f for f, a in zip(plain, rule) if "error" not in a
           and abs(a["weights"]["file_bytes"] - f.bytes) > f.rounding + 0.003 * f.bytes]
    published += best_of(off)
    published.sort(key=lambda f: (f.format, f.publisher not in ("unsloth" if f.format.startswith("ud") else "bartowski"),
                                  f.publisher, f.model["id"], f.mtp))
    write(out, published, derived)


def write(out, published, derived):
    folder = os.path.join(ROOT, "data", "formats")
    kept = []
    for f in published:
        if f.quantity != "/weights/file_bytes":
            continue
        owner = f.publisher or "unnamed"
        record = {"id": ".".join([owner, f.model["id"], f.format] + (["mtp"] if f.mtp else [])), "publisher": owner,
                  "model": f.model["id"], "format": f.format, "bytes": f.bytes, "rounding": f.rounding,
                  "source": f.source}
        if f.mtp:
            record["mtp"] = True
        kept.append(record)
    for d in derived:
        record = {"id": ".".join(["unsloth", d["model"], d["format"]] + (["mtp"] if d["mtp"] else [])),
                  "publisher": "unsloth", "model": d["model"], "format": d["format"], "bytes": d["bytes"],
                  "rounding": d["rounding"], "derived": True, "source": "scripts/fit_gguf_recipes.py"}
        if d["mtp"]:
            record["mtp"] = True
        kept.append(record)
    for name, kind, items in (("gguf-recipes.json", "formats", out), ("gguf-published.json", "published_files", kept)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write('{\n "$schema": "../schema/catalog.schema.json",\n "%s": [\n' % kind)
            file.write(",\n".join("  " + json.dumps(item) for item in items))
            file.write("\n ]\n}\n")
    print(len(out), "formats,", len(kept) - len(derived), "published files,", len(derived), "derived")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
