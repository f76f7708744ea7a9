#!/usr/bin/env python3
"""Fill in what cudaMemGetInfo reports as total where no source gives it.

The driver keeps a part of the card for itself, so CUDA's total is smaller than nvidia-smi's. That part is
fitted as a + b x nvidia-smi total (robust line: median of slopes, then median of intercepts) on the cards of
data/devices whose CUDA total is known, and applied to the NVIDIA cards where it is not. nvidia-smi's total,
where unknown too, is the marketing size, less 1/16 for ECC on data-centre cards with GDDR memory.

usage: derive_cuda_totals.py [--write]     prints the fit; --write puts the figures into data/devices
"""
import glob
import itertools
import json
import os
import statistics
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
KEY = "memory_cuda_total_mib_linux"
NOTE = KEY + " = nvidia-smi total - (a + b x total), scripts/derive_cuda_totals.py"
INTEGRATED = ("jetson", "dgx-spark", "grace", "gh200")  # unified memory: CUDA's total is the machine's


def smi_total(device):
    """nvidia-smi's total in MiB: as published, else from the marketing size."""
    if device.get("memory_nvidia_smi_mib"):
        return device["memory_nvidia_smi_mib"]
    ecc = device["class"] == "datacenter" and device.get("memory_type", "").startswith("GDDR")
    return device["memory_gb"] * 1024 * (15 / 16 if ecc else 1)


def cards(path):
    for device in json.load(open(path, encoding="utf-8"))["devices"]:
        single = device.get("vendor") == "nvidia" and not device.get("base_device")
        if single and device.get("memory_gb") and not device["id"].startswith(INTEGRATED):
            yield device


def is_derived(device):
    return any(text.startswith(KEY) for text in device.get("derived", []))


def fit(points):
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in itertools.combinations(points, 2) if x1 != x2]
    b = statistics.median(slopes)
    return statistics.median(y - b * x for x, y in points), b


def with_totals(path, missing):
    """The file's text with the figures of `missing` (id -> MiB) put in; its layout stays as it is."""
    text = open(path, encoding="utf-8").read()
    noted = {d["id"] for d in cards(path) if d.get("derived")}
    out, current = [], None
    for line in text.splitlines(keepends=True):
        if line.startswith('   "id": '):
            current = json.loads(line.split(":", 1)[1].rstrip().rstrip(","))
        if current in missing:
            if line.startswith('   "memory_type"'):
                out.append('   "%s": %d,\n' % (KEY, missing[current]))
            if line.startswith('   "sources": ') and current not in noted:
                out.append('   "derived": [%s],\n' % json.dumps(NOTE))
            if line.startswith('   "derived": ['):
                line = line.replace("[", "[" + json.dumps(NOTE) + ", ", 1)
        out.append(line)
    return "".join(out)


def main():
    paths = sorted(glob.glob(os.path.join(ROOT, "data", "devices", "nvidia-*.json")))
    known = [d for p in paths for d in cards(p) if d.get(KEY) and not is_derived(d)]
    points = [(smi_total(d), smi_total(d) - d[KEY]) for d in known]
    a, b = fit(points)
    errors = [abs(smi_total(d) - a - b * smi_total(d) - d[KEY]) / d[KEY] for d in known]
    print("reserved = %.0f MiB + %.5f x nvidia-smi total; %d cards, median error %.2f%%, largest %.2f%%"
          % (a, b, len(known), 100 * statistics.median(errors), 100 * max(errors)))
    if "--write" not in sys.argv[1:]:
        return
    for path in paths:
        missing = {d["id"]: round(smi_total(d) - a - b * smi_total(d)) for d in cards(path) if not d.get(KEY)}
        text = with_totals(path, missing)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        print(os.path.basename(path), len(missing), "filled in")


if __name__ == "__main__":
    main()
