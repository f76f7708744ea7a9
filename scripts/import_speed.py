#!/usr/bin/env python3
"""Turn public speed measurements into data/measurements/speed-*.jsonl.

Every source row becomes a scenario of the contract and a measured quantity. Rows that can't be said that way (unknown
device, format, engine or KV type; a placement that is described in words) are left out and counted in the file's head; rows that can be
said but prove nothing about speed are kept with `skip` and the reason: marked suspect, averages over a mix of prompts, cards behind a
Raspberry Pi, self-reported wall times of vLLM at depth, speculative decoding without method or drafted tokens, queueing, cards that a known fault slows down, frameworks
that bound the figure.

Speculative runs that say what drafts and how many tokens are rows of their own table and in no fit: nobody states their acceptance.

A decode rate is compared at the depth where it was measured, a rate over a whole request with the prefill in it.
Concurrency is the number of requests running; offline runs that offer all requests at once are left out, more than 512 are skipped.

Some rules say what a row is of. Decode rates of an empty cache that fall with every longer prompt are of a cache with that prompt in it.
FP8 and NVFP4 checkpoints that are faster than a 16-bit cache can be read have an 8-bit one. Where a source names how experts are spread,
and one copy, the rest is cut over the same cards.

Some rules look at other rows. A figure that a source repeats to the last digit, with all that it says of the setup, is one measurement.
A rate that is a fifth of the middle one of at least two others of the same setup is one of a busy or swapping machine.

Some rules need the count of the work (tools/speed_terms). A prompt that was answered faster than the hardware can multiply was in the
engine's prompt cache: the highest rate is taken as the 16-bit one of the data sheet (Apple's GPUs, 16-bit weights), twice that
where 8-bit products or 16-bit sums may be used, four times for FP4. Steps a fifth faster than their bytes can be read
are those of another format or of drafted tokens. Steps ten times as long as it takes to read their bytes and to launch their kernels
one by one, 50 us each, are those of a machine that swaps. On serving engines, which move nothing to the host by themselves, weights have to
fit the cards, and half of the requests the KV pool, as the others wait and put running ones back; on the others, which let no sequence
wait, the caches of all that are said to run have to.

usage: import_speed.py FOLDER QWENFIT SPEED_TERMS
       FOLDER holds speed_consumer.jsonl, speed_datacenter.jsonl, cpu_speed.jsonl and speed_llama7b_scoreboard.jsonl; QWENFIT and
       SPEED_TERMS are the programs (build/release/qwenfit, build/release/tools/speed_terms); writes data/measurements/speed-*.jsonl
"""
import collections
import json
import os
import re
import statistics
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
ENGINES = {
    "llama.cpp": "llama.cpp", "llama.cpp (igllama)": "llama.cpp", "ipex-llm (llama.cpp)": "llama.cpp",
    "docker-model-runner": "llama.cpp", "unsloth-studio": "llama.cpp", "ollama": "ollama", "lmstudio": "lmstudio",
    "llamafile (LocalScore)": "llama.cpp",
    "vllm": "vllm", "vllm-ascend": "vllm", "sglang": "sglang", "tensorrt-llm": "tensorrt-llm",
    "transformers": "transformers", "exllamav3": "exllamav3", "mlx": "mlx", "mlx-vlm": "mlx", "omlx": "mlx",
    "omlx-0.3.4": "mlx", "rapid-mlx": "mlx", "vllm-mlx": "mlx",
}
FORMATS = {"AWQ-INT4": "awq-int4", "GPTQ-INT4": "gptq-int4", "GPTQ-INT8": "gptq-int8", "W8A8-INT8": "w8a8-int8",
           "FP8": "fp8", "FP8-block": "fp8", "BNB-4bit": "nf4", "AutoRound-INT4": "gptq-int4", "FP16": "f16",
           "F16": "f16", "Q4_K_XL": "ud-q4_k_xl", "Q3_K_XL": "ud-q3_k_xl", "MXFP4_MOE": "mxfp4_moe",
           "Q4_K_M (ollama default tag)": "q4_k_m", "Q4_K_M (ollama default)": "q4_k_m", "EXL3 4.05bpw": "exl3-4.0bpw",
           "AutoRound-INT4 (section default)": "gptq-int4", "AWQ": "awq-int4", "Q4_K_M (assumed default)": "q4_k_m"}
# Machines that sources describe instead of naming them.
MACHINES = {"AMD EPYC (2 vCPU VM": ("epyc-vm-2vcpu", 2)}
KV = {"f16": "f16", "fp16": "f16", "bf16": "bf16", "bfloat16": "bf16", "q8_0": "q8_0", "q8": "q8_0", "q8_0/q8_0": "q8_0",
      "q8_0 / q8_0": "q8_0", "q4_0": "q4_0", "Q4_0": "q4_0", "q4_0/q4_0": "q4_0", "q4_0 / q4_0": "q4_0", "fp8": "fp8",
      "fp8_e4m3": "fp8", "fp8/e4m3": "fp8", "fp8/e4m3 @ scale=1.0": "fp8", "fp8_e5m2": "fp8", "auto (BF16)": None,
      None: None}
LLAMA = ("llama.cpp", "ollama", "lmstudio")
VERSIONED = ("vllm", "sglang", "tensorrt-llm", "exllamav3", "transformers")
ALL_LAYERS = 999
REACHABLE = 0.93  # of a data sheet's bandwidth, as src/speed/step.cpp has it
SPEED_FILES = ("speed-consumer.jsonl", "speed-datacenter.jsonl", "speed-cpu.jsonl")
AWAY = "placement that the contract has no words for"


class LeftOut(Exception):
    pass


def number(text, pattern):
    found = re.search(pattern, text)
    return int(found.group(1)) if found else None


def place(row, scenario):
    """-ngl and --n-cpu-moe from the source's words."""
    text = row.get("offload") or ""
    if not text:
        return
    if "unknown" in text or "unclear" in text or "likely" in text or "hybrid" in text or "split" in text:
        raise LeftOut(AWAY)
    if "cpu-only" in text:
        scenario["gpu_layers"] = 0
        return
    experts = number(text, r"moe-layers-on-cpu=(\d+)")
    if experts is None:
        experts = number(text, r"n-cpu-moe=(\d+)")
    if experts is None:
        # The last layers instead of the first: as much work on the host.
        experts = number(text, r"experts of last (\d+) layers on CPU")
    layers = number(text, r"ngl=(\d+)")
    if "exps=CPU" in text and "blk" not in text:
        experts = ALL_LAYERS
    elif ("ot " in text or "except" in text or "routed" in text) and not experts:
        raise LeftOut(AWAY)
    if layers is not None:
        scenario["gpu_layers"] = layers
    if experts:
        scenario["cpu_moe_layers"] = experts


def fixed(value, most=None):
    value = int(value)
    return min(value, most) if most else value


def work(row, scenario):
    """Prompt and output, so that decoding happens at the measured depth."""
    depth, prompt, gen = row.get("context_depth"), row.get("prompt_tokens"), row.get("gen_tokens")
    metric = row["metric"]
    if metric == "prefill_tok_s":
        if not prompt:
            raise LeftOut("prompt length not stated")
        if depth and depth > prompt:
            raise LeftOut("prefill behind a prefix, which the contract has no words for")
        scenario["prompt_tokens"] = prompt
        scenario["output_tokens"] = 1
    else:
        at = depth if depth is not None and metric in ("decode_tok_s", "itl_ms") else prompt
        if metric == "ttft_ms" and not (prompt or depth):
            raise LeftOut("prompt length not stated")
        scenario["prompt_tokens"] = max(1, at if at is not None else 512)
        if metric == "ttft_ms":
            scenario["prompt_tokens"] = prompt or depth
        scenario["output_tokens"] = max(1, gen or 128)


def parallel(row, scenario, engine):
    n = row.get("n_devices") or 1
    if n > 1:
        scenario["device_count"] = n
    if engine == "exllamav3" and n > 1 and row.get("tp") == n:
        scenario["tensor_parallel"] = n
    split = re.search(r"\bsm[-=](layer|row|tensor)\b|-sm (layer|row|tensor)\b", row["source"] + " " + (row["notes"] or ""))
    if engine in LLAMA and n > 1 and split:
        scenario["split_mode"] = split.group(1) or split.group(2)
    if engine in ("vllm", "sglang", "tensorrt-llm"):
        if row.get("attn_dp") and row["attn_dp"] > 1:
            raise LeftOut("attention data parallel")
        tp = row.get("tp") or n
        if tp == 1 and row.get("moe_ep") == n:
            # Of one copy: vLLM spreads the experts over the cards that cut the rest.
            tp = n
        if n % tp:
            raise LeftOut("devices and tensor parallelism disagree")
        scenario["tensor_parallel"] = tp
        if n > tp:
            pipeline = re.search(r"\bpp=(\d+)", row["notes"] or "")
            if pipeline and int(pipeline.group(1)) * tp == n:
                scenario["pipeline_parallel"] = n // tp
            else:
                scenario["data_parallel"] = n // tp
        if (row.get("moe_ep") or 1) > 1:
            scenario["expert_parallel"] = row["moe_ep"]


QUANTITIES = {"decode_tok_s": "/speed/decode_tok_s/value", "itl_ms": "/speed/itl_ms/value",
              "ttft_ms": "/speed/ttft_ms/value", "prefill_tok_s": "/speed/prefill_tok_s/value",
              "total_tok_s": "@e2e_total_tok_s"}


def quantity(row):
    metric, per = row["metric"], row["per"]
    formula = row.get("formula") or ""
    if metric == "e2e_gen_tok_s":
        if "prompt ~1" in formula:
            return "/speed/decode_tok_s/value"
        return "@e2e_gen_tok_s" if per == "system" else "@e2e_gen_tok_s_per_stream"
    if metric == "decode_tok_s" and formula.startswith("gen/(prefill"):
        return "@e2e_gen_tok_s_per_stream"
    if metric == "decode_tok_s" and per == "system":
        return "/speed/decode_tok_s_total/value"
    return QUANTITIES[metric]


def skip(row, scenario):
    notes = row.get("notes") or ""
    engine = scenario["engine"]
    if row.get("suspect"):
        return "marked suspect"
    if "IMPLAUSIBLE" in notes or "implausible" in notes and row["metric"] == "ttft_ms":
        return "marked implausible"
    if "LocalScore" in row["engine"] or "localscore" in row["source"].lower():
        return "LocalScore: an average over a mix of prompts"
    if re.search(r"raspberry|rpi|pi ?5", notes + row["device"], re.I):
        return "behind a Raspberry Pi"
    if row.get("speculative") and "speculative" not in scenario:
        return "speculative decoding, in words that the contract does not have"
    if "AMBIGUOUS SOURCE PAGE" in notes:
        return "figures repeated between pages"
    if engine == "vllm" and "single_stream_wall" in notes and scenario["prompt_tokens"] > 1024:
        return "self-reported wall time at depth"
    if "output_tps_kind unknown" in notes:
        return "what the figure counts is not stated"
    if scenario["device"] == "h20-96gb" and engine == "sglang" and row["quant"] == "BF16" and "implied" in notes \
            and float(re.search(r"([\d.]+)B", row["model"]).group(1)) >= 8:
        return "H20 rows that imply a third of the card's bandwidth"
    if engine == "transformers" and re.search(r"A\d+\.?\d*B", row["model"]):
        return "transformers runs experts one by one"
    if (row.get("concurrency") or 0) > 512:
        return "all requests offered at once: queueing"
    if (row.get("concurrency") or 0) >= 500 and engine in LLAMA:
        return "a batch of tokens given as requests"
    if row["metric"] == "ttft_ms" and (row.get("concurrency") or 1) > 1:
        return "time to first token under load: queueing"
    if row["metric"] in ("total_tok_s", "e2e_gen_tok_s") and (row.get("concurrency") or 1) > 1:
        return "whole run with its start and end"
    return None


def named(row):
    """The row with the catalog's name of a machine that was only described; its threads have to be all there are."""
    for start, (device, threads) in MACHINES.items():
        if row["device"].startswith(start):
            if row.get("threads") != threads:
                raise LeftOut("a part of the machine's threads")
            return {**row, "device_id": device}
    return row


def convert(row):
    if not row.get("model"):
        raise LeftOut("not a speed")
    row = named(row)
    if not row.get("device_id"):
        raise LeftOut("device not known")
    if "inferred" in row["device"].lower() or "UNKNOWN" in row["device"]:
        raise LeftOut("device not known")
    if row["metric"] not in QUANTITIES and row["metric"] != "e2e_gen_tok_s":
        raise LeftOut("not a speed")
    engine = ENGINES.get(row["engine"])
    if not engine:
        raise LeftOut("engine that the contract has no name for")
    if engine == "lmstudio" and (row["quant"] or "").startswith("MLX-"):
        engine = "mlx"  # what LM Studio runs such files with
    if row.get("concurrency") is None:
        raise LeftOut("offline run at maximum load")
    kv = row.get("kv_type")
    if kv and kv.startswith("fp8 (e4m3"):
        kv = "fp8_e4m3"
    if kv not in KV:
        raise LeftOut("KV type that the catalog has no name for")
    model = re.sub(r"^Qwen3\.5/3\.6", "Qwen3.6", row["model"])
    scenario = {"model": model, "format": FORMATS.get(row["quant"], row["quant"]), "engine": engine}
    backend = re.sub(r"[+/].*|\(.*", "", row.get("backend") or "")
    if backend in ("cuda", "rocm", "vulkan", "metal", "sycl", "cpu") and engine in LLAMA:
        scenario["backend"] = backend
    version = re.match(r"v?(\d+\.\d+(\.\d+)?)", row.get("engine_version") or "")
    if version and engine in VERSIONED:
        scenario["engine_version"] = version.group(1)
    scenario["device"] = row["device_id"]
    parallel(row, scenario, engine)
    if engine in LLAMA:
        place(row, scenario)
    elif "cpu" in (row.get("offload") or ""):
        raise LeftOut(AWAY)
    if scenario.get("backend") == "cpu" and not any(row["device_id"] == device for device, _ in MACHINES.values()) or "cpu-only" in (row.get("offload") or ""):
        raise LeftOut("runs on a CPU that is not named")
    if KV[kv] and not (engine in ("vllm", "sglang", "tensorrt-llm", "transformers") and KV[kv] in ("f16", "bf16")):
        scenario["kv_type"] = KV[kv]
    if row["concurrency"] > 1:
        scenario["concurrency"] = row["concurrency"]
    if row.get("speculative") and row["metric"] in ("decode_tok_s", "itl_ms"):
        drafted = re.match(r"(mtp|dflash) n=(\d+)", row["speculative"]) or re.match(r"(mtp) \(EAGLE steps (\d)", row["speculative"])
        if drafted:
            scenario["speculative"] = f"{drafted.group(1)}:{drafted.group(2)}"
    ubatch = number(row["notes"] or "", r"n_ubatch=(\d+)") or number(row["notes"] or "", r"n_batch=(\d+)")
    if ubatch and engine == "llama.cpp" and row["metric"] == "prefill_tok_s":
        scenario["ubatch"] = ubatch
        scenario["batch"] = max(ubatch, 2048)
    work(row, scenario)
    tokens = scenario["prompt_tokens"] + scenario["output_tokens"]
    scenario["context"] = max(2048, -(-tokens // 1024) * 1024)
    measured = {quantity(row): row["value"]}
    out = {"scenario": scenario, "measured": measured}
    reason = skip(row, scenario)
    if reason:
        out["skip"] = reason
    return out


def impossible(terms):
    """Why no such hardware gives this figure; None where it may."""
    if "refused" in terms or terms["speculative"]:
        return None
    (metric, value), = terms["measured"].items()
    if value <= 0:
        return None
    if metric in ("/speed/prefill_tok_s/value", "/speed/ttft_ms/value"):
        seconds = value / 1e3 if "ttft" in metric else terms["prompt"] / value
        work, name = terms["prefill"]["work"], terms["prefill"]["effects"][-1][0]
        plain = " bf16 " in name or " f16 " in name
        highest = 4.0 if "fp4" in name else 1.1 if " metal " in name or plain and " llama.cpp " not in name else 2.0
        return "answered from the prompt cache" if work[3] + work[4] > highest * seconds else None
    step = step_of(terms)
    weights, cache, state, *_ = terms["decode"]["work"]
    if step is None:
        return None
    if step < 0.8 * (weights + cache + state / 2):
        return "faster than the weights can be read"
    serving = terms["decode"]["kind"].endswith("serving")
    if not serving and terms["cache_bytes"] > terms["cards_bytes"] > 0:
        return "more sequences than the cards can hold"
    if serving and terms["weights_bytes"] > terms["cards_bytes"] > 0:
        return "weights that do not fit the cards, on an engine that moves none"
    if serving and terms["running"] < terms["concurrency"] / 2:
        return "twice the requests that the KV pool holds: queueing"
    local = terms["decode"]["kind"] == "single local"
    if local and step > 10 * (weights + cache + state + 50e-6 * terms["decode"]["work"][5]):
        return "so slow that the machine swaps"
    return None


def repeated(rows):
    """Rows that say the same as an earlier one, to the last digit; rows far slower than others of their setup."""
    reasons, seen, alike = {}, set(), collections.defaultdict(list)
    for r in rows:
        if "skip" in r or "speculative" in r["scenario"]:
            continue
        key = json.dumps([r["scenario"], r["source"]], sort_keys=True)
        (metric, value), = r["measured"].items()
        if (key, metric, value) in seen:
            reasons[r["id"]] = "the same figure once more"
            continue
        seen.add((key, metric, value))
        if metric == "/speed/decode_tok_s/value":
            setup = {k: v for k, v in r["scenario"].items() if k not in ("output_tokens", "context", "engine_version")}
            setup["engine"] = "llama.cpp" if setup["engine"] in LLAMA else setup["engine"]
            alike[json.dumps(setup, sort_keys=True)].append(r)
    for group in alike.values():
        for r in group:
            others = [o["measured"]["/speed/decode_tok_s/value"] for o in group if o is not r]
            if len(others) >= 2 and r["measured"]["/speed/decode_tok_s/value"] < 0.2 * statistics.median(others):
                reasons[r["id"]] = "a fifth of others of the same setup"
    return reasons


def step_of(terms):
    """Seconds of a decode step; None where the figure is of something else."""
    (metric, value), = terms["measured"].items()
    steps = {"/speed/decode_tok_s/value": lambda: 1 / value, "/speed/decode_tok_s_total/value": lambda: terms["running"] / value,
             "/speed/itl_ms/value": lambda: value / 1e3}
    return steps[metric]() if value > 0 and metric in steps else None


def terms_of(folder, program):
    done = subprocess.run([program, folder], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_file(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def rewrite(folder, name, records):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
        for r in records:
            print(json.dumps(r, ensure_ascii=False, separators=(",", ":")), file=out)


def eight_bit_caches(folder, program):
    """Where checkpoints in 8 or 4 bit are faster than a 16-bit cache can be read, all of the source's figures of that engine and
    checkpoint are with an 8-bit one."""
    fast = {}
    for t in terms_of(folder, program):
        step = None if t["skip"] or "refused" in t or t["speculative"] else step_of(t)
        if step and t["decode"]["kind"].endswith("serving"):
            weights, cache, state, *_ = t["decode"]["work"]
            fast[t["id"]] = step < (weights + cache + state / 2) / REACHABLE and step >= (weights + cache / 2 + state / 2) / REACHABLE
    for name in SPEED_FILES:
        records = of_file(folder, name)

        def setup(r):
            return (r["source"], *(r["scenario"].get(k) for k in ("engine", "engine_version", "model", "format")))
        of = [r for r in records if fast.get(r.get("id")) and "kv_type" not in r["scenario"] and re.match("FP8|NVFP4", r["scenario"]["format"], re.I)]
        found = {setup(r) for r in of}
        changed = [r for r in records if "scenario" in r and setup(r) in found and "kv_type" not in r["scenario"]]
        for r in changed:
            r["scenario"]["kv_type"] = "fp8"
        rewrite(folder, name, records)
        for s in sorted(found):
            print(f"    an 8-bit cache: {' '.join(str(part) for part in s)}")


def skip_impossible(folder, program):
    reasons = {}
    for terms in terms_of(folder, program):
        reason = None if terms["skip"] else impossible(terms)
        if reason:
            reasons[terms["id"]] = reason
    for name in SPEED_FILES:
        head, *rows = of_file(folder, name)
        reasons.update({id: reason for id, reason in repeated(rows).items() if id not in reasons})
        for r in rows:
            if r["id"] in reasons:
                r["skip"] = reasons[r["id"]]
        rewrite(folder, name, [head] + rows)
    for reason, n in collections.Counter(reasons.values()).most_common():
        print(f"    {n:5} skipped: {reason}")


def behind_their_prompts(rows):
    """Decode rates that are said to be of an empty cache, and fall with every longer prompt, are of a cache with the prompt in it."""
    series = collections.defaultdict(lambda: collections.defaultdict(list))
    for r in rows:
        if r.get("metric") == "decode_tok_s" and r.get("context_depth") == 0 and r.get("prompt_tokens") and r["concurrency"] == 1:
            setup = tuple(r.get(k) for k in ("source", "device_id", "model", "quant", "engine", "n_devices", "offload", "kv_type", "gen_tokens"))
            series[setup][r["prompt_tokens"]].append(r)
    for by_prompt in series.values():
        rates = [max(r["value"] for r in by_prompt[p]) for p in sorted(by_prompt)]
        if len(rates) > 2 and all(b < a for a, b in zip(rates, rates[1:])) and rates[-1] < 0.85 * rates[0]:
            for p, group in by_prompt.items():
                for r in group:
                    r["context_depth"] = p


def convert_file(path, program):
    kept, left_out = [], collections.Counter()
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    behind_their_prompts(rows)
    for row in rows:
        try:
            kept.append((row, convert(row)))
        except LeftOut as reason:
            left_out[str(reason)] += 1
    done = subprocess.run([program, "batch", "-"], input="\n".join(json.dumps(out["scenario"]) for _, out in kept),
                          capture_output=True, text=True, check=False)
    rows, sources = [], {}
    for (row, out), line in zip(kept, done.stdout.splitlines()):
        answer = json.loads(line)
        if "error" in answer:
            message = re.sub(r"'[^']*'.*", "...", answer["error"]["message"])
            left_out["the estimator says: " + message] += 1
            continue
        source = sources.setdefault(row["source"], f"s{len(sources) + 1}")
        record = {"id": row["id"], **out, "source": source,
                  "cell": "|".join([source, out["scenario"]["device"], answer["scenario"]["model"]])}
        rows.append(record)
    return rows, sources, left_out


# Llama 2 7B: config.json of meta-llama/Llama-2-7b-hf; Q4_0 as llama.cpp writes it, with the head in Q6_K.
GEOMETRY = {"models": ["Llama-2-7B", "LLaMA-7B"], "format": "Q4_0", "layers": 32, "hidden_size": 4096, "intermediate_size": 11008,
            "vocabulary": 32000, "bits_per_weight": 4.5, "head_bits_per_weight": 6.5625}


def write(name, kind, about, rows, sources, left_out, more=None):
    head = {"kind": kind, "about": about + " scripts/import_speed.py has the rules.", **(more or {}),
            "sources": {short: long for long, short in sources.items()}, "left_out": dict(sorted(left_out.items()))}
    with open(os.path.join(ROOT, "data", "measurements", name), "w", encoding="utf-8") as out:
        for record in [head] + rows:
            print(json.dumps(record, ensure_ascii=False, separators=(",", ":")), file=out)
    scored = sum("skip" not in r for r in rows)
    print(f"{name}: {len(rows)} rows, {scored} scored, left out {sum(left_out.values())}")
    for reason, n in left_out.most_common(40):
        print(f"    {n:5} {reason}")
    for reason, n in collections.Counter(r["skip"] for r in rows if "skip" in r).most_common():
        print(f"    {n:5} skipped: {reason}")


def reference_rows(path):
    """Llama 7B and 8B: hardware without Qwen. One line a figure, in the source's own words."""
    rows, sources, left_out = [], {}, collections.Counter()
    for line in open(path, encoding="utf-8"):
        row = json.loads(line)
        if not row.get("device_id"):
            left_out["device not known"] += 1
            continue
        if row.get("suspect"):
            left_out["marked suspect"] += 1
            continue
        source = sources.setdefault(row["source"], f"s{len(sources) + 1}")
        rows.append({"id": row["id"], "model": row["model"], "format": row["quant"], "engine": row["engine"],
                     "backend": row.get("backend"), "device": row["device_id"], "devices": row.get("n_devices") or 1,
                     "metric": row["metric"], "value": row["value"], "prompt": row.get("prompt_tokens"),
                     "flash": row.get("flash_attn"), "source": source})
    return rows, sources, left_out


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    folder, program, speed_terms = sys.argv[1:]
    for read, name, about in (
            ("speed_consumer", "consumer", "Cards, laptops, Macs and small machines, one user at a time for the most part."),
            ("speed_datacenter", "datacenter", "Serving engines on data centre cards."),
            ("cpu_speed", "cpu", "llama-bench on a small virtual machine, with random weights.")):
        rows, sources, left_out = convert_file(os.path.join(folder, read + ".jsonl"), program)
        write(f"speed-{name}.jsonl", "speed", about, rows, sources, left_out)
    rows, sources, left_out = reference_rows(os.path.join(folder, "speed_llama7b_scoreboard.jsonl"))
    write("reference-llama7b.jsonl", "speed-reference", "Llama 7B and 8B on many devices: how well hardware does, without Qwen.",
          rows, sources, left_out, {"geometry": GEOMETRY})
    folder = os.path.join(ROOT, "data", "measurements")
    eight_bit_caches(folder, speed_terms)
    skip_impossible(folder, speed_terms)


if __name__ == "__main__":
    main()
