#!/usr/bin/env python3
"""Turn public figures of fine-tuning memory into data/measurements/finetune.jsonl.

Left out, and counted in the file's head: rules of thumb that their authors call estimates; figures that are the size
of the card (80 or 95 GB asked for, not measured); rows whose sequence length, tower or method the contract can't
say; states in host memory. Not scored: batches of several samples that are not packed, whose sequence length is only a
bound. Figures "per card" are those of one card; GiB where the source says GiB or shows what nvidia-smi shows, GB in the
tables of Qwen's README. Where the card is not named, it stands as an 80 GB A100, on which nothing depends.

usage: import_finetune.py SOURCE.jsonl > data/measurements/finetune.jsonl
"""
import collections
import json
import re
import sys

GIB = 2.0**30
DEVICES = {
    "A100-SXM4-80GB": "a100-sxm4-80gb",
    "NVIDIA A100-SXM4-40GB 39.557GiB": "a100-sxm4-40gb",
    "RTX 3090 24GB": "rtx-3090",
    "RTX 4090 24GB": "rtx-4090",
}
METHODS = {"full": "full", "LoRA": "lora", "QLoRA": "qlora", "lora_llm": "lora"}
FORMATS = {"BF16": "bf16", "BF16/FP16": "bf16", "GPTQ-Int4": "gptq-int4", "bnb-4bit": "nf4", "FP8": "fp8"}


def model_of(row):
    name = row["model"]
    if row["variant"] == "Chat":
        name += "-Chat"
    return re.sub(r"(-unsloth)?-bnb-4bit$|-FP8$|-GPTQ-Int4$", "", name)


def zero_of(row):
    return str(row["settings"].get("zero_stage") or "")


def why_not(row):
    settings = row["settings"]
    if row["metric"] == "estimated_memory_gb":
        return "an estimate by its authors"
    if row["metric"] == "start_reserved_gib":
        return "before training"
    if row["metric"] == "fits" and row["device"] not in DEVICES:
        return "card not known"
    if row["method"] not in METHODS:
        return "a method that the contract has no name for"
    if not settings.get("seq_len"):
        return "sequence length not stated"
    if settings.get("freeze_vit") == "false" or "full_vit" in settings.get("header", ""):
        return "the tower is trained"
    header = settings.get("header", "")
    if re.search(r"\b(80|95) ?(GiB|GB|G)\b", header) or row["value"] in (80, 95):
        return "the size of the card"
    if settings.get("gradient_checkpointing") == "selective":
        return "checkpointing that the contract has no name for"
    if "offload" in row["source"] or "offload" in zero_of(row):
        return "states on the host"
    if "vgc false" in header or "gc false" in header:
        return "checkpointing of text and tower differ"
    return None


def scenario_of(row):
    settings = row["settings"]
    train = {"method": METHODS[row["method"]], "sequence": settings["seq_len"], "batch": settings["batch"]}
    if settings.get("lora_r") and train["method"] != "full":
        train["rank"] = settings["lora_r"]
    optimizer = settings.get("optimizer")
    if "muon" in settings.get("header", ""):
        optimizer = "muon"
    if optimizer:
        train["optimizer"] = optimizer
    # Absent is the framework's default, which is on everywhere but in unsloth's full fine-tuning.
    train["gradient_checkpointing"] = settings.get("gradient_checkpointing") is not False and (
        row["engine"] != "unsloth" or bool(settings.get("gradient_checkpointing")))
    zero = zero_of(row)[:1]
    if zero:
        train["zero_stage"] = int(zero)
    scenario = {"model": model_of(row), "format": FORMATS[row["quant"]]}
    if train["method"] == "qlora" and "GPTQ-Int4" in row["model"]:
        scenario["format"] = "gptq-int4"
    device = "tesla-t4-16gb" if row["device"].startswith("Tesla T4") else DEVICES.get(row["device"], "a100-sxm4-80gb")
    scenario["device"] = device
    if row["n_devices"] > 1:
        scenario["device_count"] = row["n_devices"]
    for key, name in (("tp", "tensor_parallel"), ("pp", "pipeline_parallel"), ("ep", "expert_parallel")):
        if (settings.get(key) or 1) > 1:
            scenario[name] = settings[key]
    scenario["train"] = train
    return scenario


def main():
    rows, left_out, sources = [], collections.Counter(), {}
    for line in open(sys.argv[1], encoding="utf-8"):
        row = json.loads(line)
        reason = why_not(row)
        if reason:
            left_out[reason] += 1
            continue
        source = sources.setdefault(row["source"], f"s{len(sources) + 1}")
        out = {"id": row["id"], "scenario": scenario_of(row)}
        if row["metric"] == "fits":
            out["measured"] = {"/fit/fits": bool(row["value"])}
        else:
            unit = 1e9 if row["source_kind"] == "official" else GIB
            digits = len(str(row["value"]).partition(".")[2].rstrip("0"))
            out["measured"] = {"/train/devices/0/total": round(row["value"] * unit)}
            out["rounding"] = {"/train/devices/0/total": round(unit / 2 / 10**digits)}
        out["source"] = source
        notes = []
        if row["engine"] == "unsloth" or (row["engine"].startswith("ms-swift") and row["settings"]["batch"] > 1
                                          and row["settings"].get("packing") != "true"):
            out["skip"] = "samples are shorter than the longest sequence allowed, by how much is not known"
        if row["engine"] == "unsloth":
            notes.append("unsloth's own kernels; memory reserved by torch, without the process")
        if row["settings"].get("liger") == "true":
            notes.append("Liger kernels: the loss is computed in chunks")
        if row["device"].startswith("80GB-class"):
            notes.append("header of an example script, card not named")
        if notes:
            out["notes"] = "; ".join(notes)
        rows.append(out)
    head = {
        "kind": "finetune",
        "about": "Memory of fine-tuning, per card: tables of Qwen's README, headers of ms-swift's example scripts, "
                 "outputs of unsloth's notebooks, issues. scripts/import_finetune.py has the rules.",
        "sources": {short: long for long, short in sources.items()},
        "left_out": dict(sorted(left_out.items())),
    }
    for record in [head] + rows:
        print(json.dumps(record, ensure_ascii=False))


if __name__ == "__main__":
    main()
