#!/usr/bin/env python3
"""llama.cpp as the referee: compares its own figures with qwenfit's for a random sample of settings.

    scripts/check_llamacpp.py [--source DIR] [--work DIR] [--count N] [--seed S] [--models A,B]
    scripts/check_llamacpp.py --commands [--count N] [--seed S]
    scripts/check_llamacpp.py --bench qwen3-0.6b:q4_k_m,qwen3-1.7b:q8_0 [--threads N] [--cmake=-DGGML_NATIVE=ON]

Builds llama.cpp's library (from a checkout, or from the source that the npm package node-llama-cpp carries, fetched
with `npm pack`), a probe beside it (scripts/llamacpp_probe) and the project's sparse-gguf; writes GGUF headers
without weights, lets llama.cpp load them without allocating, and compares weights, caches and compute buffers of
every card and the host with `qwenfit batch`. Exits with 1 when a figure differs. Takes minutes for the first build,
a second or so for a setting.

With --commands, it has llama-server and llama-cli parse what `qwenfit command` writes for such settings. Exits with 1 when they refuse
one.

With --bench, it runs llama-bench instead, on this machine's processor and on files of random weights, has `qwenfit calibrate
--dry-run` read the output, and prints predicted and measured speeds (`--device auto --backend cpu`) and whether the measured one lies
in the 80% interval. Nothing else should run meanwhile. A miss is no failure: one machine is one cell.

Needs cmake, a C++ compiler, git, npm for the package; Python 3 only.
"""

import argparse
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ["qwen-1.8b", "qwen-7b", "qwen1.5-0.5b", "qwen1.5-4b", "qwen1.5-110b", "qwen1.5-moe-a2.7b", "qwen2-0.5b", "qwen2-57b-a14b",
          "qwen2.5-7b", "qwen2.5-72b", "qwen2-vl-2b", "qwen2.5-vl-7b", "qwen3-0.6b", "qwen3-8b", "qwen3-32b", "qwen3-30b-a3b",
          "qwen3-235b-a22b", "qwen3-coder-480b-a35b", "qwen3-vl-2b-instruct", "qwen3-vl-8b", "qwen3-vl-30b-a3b", "qwen3-next-80b-a3b",
          "qwen3-coder-next", "qwen3.5-0.8b", "qwen3.5-9b", "qwen3.5-35b-a3b", "qwen3.6-27b", "qwen3.5-397b-a17b",
          "qwen3-embedding-0.6b", "qwen3-embedding-8b", "qwen3-reranker-4b"]
KV_TYPES = ["f16", "f16", "f16", "q8_0", "q4_0", "bf16", "f32", "q5_1", "iq4_nl"]


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, **options)


def source_of(args):
    if args.source:
        return pathlib.Path(args.source)
    source = args.work / "llama.cpp"
    if not source.exists():
        run("npm", "pack", "node-llama-cpp", "--silent", cwd=args.work, stdout=subprocess.DEVNULL)
        package = sorted(args.work.glob("node-llama-cpp-*.tgz"))[-1]
        run("tar", "xzf", package, "-C", args.work, "package/llama/gitRelease.bundle")
        run("git", "clone", "-q", args.work / "package/llama/gitRelease.bundle", source)
    return source


def build_probe(args, source):
    build = args.work / "build"
    if not (build / "src/libllama.a").exists():
        run("cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF",
            "-DGGML_NATIVE=OFF", "-DGGML_OPENMP=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF",
            "-DLLAMA_BUILD_TOOLS=OFF", "-DLLAMA_BUILD_SERVER=OFF", stdout=subprocess.DEVNULL)
        run("cmake", "--build", build, "--target", "llama", "-j", os.cpu_count() or 1, stdout=subprocess.DEVNULL)
    probe = args.work / "probe"
    includes = [f"-I{source / d}" for d in ("include", "src", "ggml/include", "ggml/src")]
    libraries = [build / "src/libllama.a", *(build / f"ggml/src/lib{n}.a" for n in ("ggml", "ggml-cpu", "ggml-base"))]
    run(os.environ.get("CXX", "c++"), "-std=c++20", "-O1", *includes, ROOT / "scripts/llamacpp_probe/probe.cpp", "-o",
        probe, *libraries, "-lpthread", "-ldl")
    return probe


def build_programs(args, source, *programs):
    build = args.work / "build-programs"
    if not (build / "CMakeCache.txt").exists():
        run("cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF", "-DGGML_NATIVE=OFF",
            "-DGGML_OPENMP=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_BUILD_UI=OFF",
            "-DLLAMA_USE_PREBUILT_UI=OFF", "-DLLAMA_CURL=OFF", "-DLLAMA_OPENSSL=OFF", *args.cmake, stdout=subprocess.DEVNULL)
    run("cmake", "--build", build, "--target", *programs, "-j", os.cpu_count() or 1, stdout=subprocess.DEVNULL)
    return build / "bin"


def options_of(scenario):
    """What `qwenfit command` is told for a scenario of settings()."""
    scenario = dict(scenario)
    if "tensor_split" in scenario:
        scenario["tensor_split"] = ",".join(str(share) for share in scenario["tensor_split"])
    if "speculative" in scenario:
        scenario["speculative"] = f"{scenario['speculative']['method']}:{scenario['speculative']['tokens']}"
    words = [scenario.pop("model")]
    for key, value in scenario.items():
        name = key.replace("_", "-")
        words += [f"--{'' if value else 'no-'}{name}"] if isinstance(value, bool) else [f"--{name}", str(value)]
    return words


def parse_commands(args, source):
    programs = build_programs(args, source, "llama-server", "llama-cli")
    rng = random.Random(args.seed)
    taken = refused = unwritten = 0
    for _ in range(args.count):
        scenario, _ = settings(rng, args.models.split(",") if args.models else MODELS)
        written = subprocess.run([args.build / "qwenfit", "command", *options_of(scenario), "--force"], text=True, capture_output=True,
                                 check=False)
        if not written.stdout:
            unwritten += 1
            print(f"not written: {json.dumps(scenario)}\n  {written.stderr.strip()}")
            continue
        program, *words = shlex.split(written.stdout.replace("\\\n", " "), comments=True)
        # Options are parsed in their order; the last one prints the version and ends the program.
        told = subprocess.run([programs / program, *words, "--version"], text=True, capture_output=True, check=False)
        control = subprocess.run([programs / program, *words, "--no-such-option", "--version"], capture_output=True, check=False)
        if told.returncode == 0 and control.returncode != 0:
            taken += 1
        else:
            refused += 1
            print(f"refused: {program} {shlex.join(words)}\n  {told.stderr.strip().splitlines()[-1:]}")
    print(f"{taken} commands taken, {refused} refused, {unwritten} not written")
    return 1 if refused else 0


def interval_of(args, scenario, what):
    answer = subprocess.run([args.build / "qwenfit", "batch", "--no-calibration"], input=json.dumps(scenario) + "\n", text=True,
                            capture_output=True, check=False)
    return json.loads(answer.stdout)["speed"][f"{what}_tok_s"]


def compare_speeds(args, source):
    bench = build_programs(args, source, "llama-bench") / "llama-bench"
    run(args.build / "qwenfit", "detect", "--measure", stdout=subprocess.DEVNULL)  # kept, the better one of all
    print(f"{'model':<28} {'test':<14} {'predicted':>9} {'80% interval':>20} {'measured':>9} {'factor':>6}")
    inside = total = 0
    for pair in args.bench.split(","):
        model, weights = pair.split(":")
        file = args.work / f"{model}-{weights}.gguf"
        run(args.build / "tools/sparse-gguf", model, weights, file, "--no-mtp", "--random")
        threads = ["-t", args.threads] if args.threads else []
        output = args.work / "bench.json"
        with open(output, "w", encoding="utf-8") as out:
            run(bench, "-m", file, "-p", 128, "-n", 32, "-d", "0,512", "-r", args.repetitions, "-o", "json", *threads, stdout=out,
                stderr=subprocess.DEVNULL)
        file.unlink()
        answer = run(args.build / "qwenfit", "calibrate", output, "-m", model, "-f", weights, "-d", "auto", "--backend", "cpu",
                     "--dry-run", "--force", "--json", capture_output=True, text=True)
        for row in json.loads(answer.stdout):
            depth = int(row["test"].split("@ d")[1]) if "@" in row["test"] else 0
            scenario = {"model": model, "format": weights, "device": "auto", "backend": "cpu", "program": "cli",
                        "prompt_tokens": 128 if row["what"] == "prefill" else depth, "output_tokens": 32}
            speed = interval_of(args, scenario, row["what"])
            hit = speed["low"] <= row["measured_tok_s"] <= speed["high"]
            inside += hit
            total += 1
            print(f"{pair:<28} {row['test']:<14} {row['predicted_tok_s']:>9.4g} {speed['low']:>9.4g} to {speed['high']:<7.4g} "
                  f"{row['measured_tok_s']:>9.4g} {row['factor']:>6.2f}{'' if hit else '  outside'}")
    print(f"{inside} of {total} measured speeds lie in their 80% interval")


def settings(rng, models):
    """One setting: what the probe reads, and the same as a scenario."""
    model = rng.choice(models)
    cards = rng.choice([0, 1, 1, 1, 2, 3])
    fa = rng.random() < 0.75
    kv = rng.choice(KV_TYPES)
    kv_v = kv if rng.random() < 0.6 else rng.choice(KV_TYPES)
    if not fa and kv_v not in ("f16", "bf16", "f32"):
        kv_v = "f16"
    slots = rng.choice([1, 1, 2, 3, 4, 5])
    unified = rng.random() < 0.3
    context = rng.choice([256, 512, 1000, 4096, 8192, 20000, 32768])
    batch = rng.choice([2048, 2048, 512, 100, 4096])
    ubatch = rng.choice([1, 32, 100, 128, 512, 512, 2048, 4096])
    server = rng.random() < 0.5
    layers = 999 if rng.random() < 0.5 else rng.randrange(0, 60)
    experts = "-a" in model or "next" in model
    moe = rng.randrange(1, 60) if layers == 999 and cards > 0 and experts and rng.random() < 0.5 else 0
    shares = [1] * cards if rng.random() < 0.5 else [rng.choice([0, 1, 3, 7.5, 24]) for _ in range(cards)]
    if cards and not any(shares):
        shares[0] = 1
    drafts = "qwen3.5" in model or "qwen3.6" in model or "qwen3-next" in model
    drafted = rng.choice([1, 2, 3]) if drafts and rng.random() < 0.4 else 0
    scenario = {"model": model, "format": rng.choice(["q4_k_m", "q8_0", "bf16", "iq4_xs", "q3_k_m", "q4_0", "mxfp4_moe"]),
                "engine": "llama.cpp", "context": context, "parallel_slots": slots, "kv_unified": unified, "batch": batch,
                "ubatch": ubatch, "flash_attention": fa, "kv_type": kv, "kv_type_v": kv_v, "program": "server" if server else "cli"}
    if drafted:
        scenario["speculative"] = {"method": "mtp", "tokens": drafted}
    if cards == 0:
        scenario["backend"] = "cpu"
    else:
        scenario |= {"device": "rtx-4090", "device_count": cards, "gpu_layers": layers, "cpu_moe_layers": moe,
                     "tensor_split": shares}
    total = context if unified else context * slots
    embeds = "embedding" in model or "reranker" in model
    # tools/server: server_output_limits
    outputs = min(batch, total, slots * (1 + drafted)) if server and not embeds else 0
    line = (f"{cards} {layers if cards else 0} {moe} {total} {batch} {ubatch} {slots} {int(unified)} {outputs} {kv} {kv_v} "
            f"{int(fa)} {int(embeds)} {drafted} {' '.join(map(str, shares))}")
    return scenario, line


def figures_of(estimate):
    """Weights, caches, compute of every card, then of the host."""
    out = []
    host = estimate["memory"].get("host", {})
    places = [*estimate["memory"]["devices"], host]
    for place in places:
        out += [place.get("weights", 0), place.get("kv_cache", 0) + place.get("recurrent_state", 0), place.get("compute", 0)]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", help="a llama.cpp checkout")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/llamacpp", help="where to build")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="the project's build folder")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--models", help="comma-separated ids")
    parser.add_argument("--commands", action="store_true", help="have llama.cpp parse what `qwenfit command` writes instead")
    parser.add_argument("--bench", help="compare speeds instead: MODEL:FORMAT,...")
    parser.add_argument("--threads", help="of llama-bench; its own choice otherwise")
    parser.add_argument("--repetitions", default="3", help="of each test of llama-bench")
    parser.add_argument("--cmake", action="append", default=[], help="option for the build of the programs; may be repeated")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    if args.bench:
        compare_speeds(args, source_of(args))
        return 0
    if args.commands:
        return parse_commands(args, source_of(args))
    probe = build_probe(args, source_of(args))

    rng = random.Random(args.seed)
    drawn = [settings(rng, args.models.split(",") if args.models else MODELS) for _ in range(args.count)]
    header = args.work / "header.gguf"
    batch = "\n".join(json.dumps(scenario) for scenario, _ in drawn) + "\n"
    answers = subprocess.run([args.build / "qwenfit", "batch", "-"], input=batch, text=True, capture_output=True, check=False)
    differing = 0
    compared = 0
    for (scenario, line), answer in zip(drawn, answers.stdout.splitlines()):
        mtp = [] if "speculative" in scenario else ["--no-mtp"]
        run(args.build / "tools/sparse-gguf", scenario["model"], scenario["format"], header, *mtp)
        told = subprocess.run([probe], input=f"{header} {line}\n", text=True, capture_output=True, check=False)
        if not told.stdout.strip()[:1].isdigit():
            print(f"llama.cpp does not load it: {json.dumps(scenario)}\n  {told.stderr.strip().splitlines()[-1:]}")
            continue
        real = [int(n) for n in told.stdout.split()]
        estimate = json.loads(answer)
        if "error" in estimate:
            print(f"qwenfit: {estimate['error']['message']}: {json.dumps(scenario)}")
            differing += 1
            continue
        ours = figures_of(estimate)
        if "backend" in scenario:  # the one device is the host
            ours = ours[:3]
        compared += len(real)
        if ours != real:
            differing += 1
            print(f"differs: {json.dumps(scenario)}\n  llama.cpp {real}\n  qwenfit   {ours}")
    header.unlink(missing_ok=True)
    print(f"{args.count} settings, {compared} figures compared, {differing} settings differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
