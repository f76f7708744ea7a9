#!/usr/bin/env python3
"""Writes a folder of deployment files, all different, and times `qwenfit check` on it.

    bench/check_manifests.py [--count 1000] [--program build/release/qwenfit] [--keep FOLDER]

Models, engines, cards, parallel sizes, contexts and shapes are taken in turn, so the files are the same on every run; about
a third of the deployments do not fit, for which remedies are tried as well. Needs nothing but Python 3.
"""
import argparse
import itertools
import pathlib
import subprocess
import sys
import tempfile
import time

MODELS = ["Qwen/Qwen3-0.6B", "Qwen/Qwen3-4B", "Qwen/Qwen3-8B", "Qwen/Qwen3-14B", "Qwen/Qwen3-32B", "Qwen/Qwen3-30B-A3B",
          "Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-72B-Instruct", "Qwen/Qwen3-Coder-30B-A3B-Instruct", "Qwen/Qwen3-8B-FP8",
          "Qwen/Qwen3-Next-80B-A3B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct", "Qwen/Qwen3.5-27B"]
CARDS = ["NVIDIA-L4", "NVIDIA-A100-SXM4-80GB", "NVIDIA-H100-80GB-HBM3", "NVIDIA-L40S", "NVIDIA-A10"]
CONTEXTS = [4096, 8192, 16384, 32768]

OBJECT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: server-{n}}}
spec:
  replicas: {replicas}
  template:
    spec:
      nodeSelector: {{nvidia.com/gpu.product: {card}}}
      containers:
        - name: server
          image: {image}
          command: {command}
          args: [{args}]
          resources: {{limits: {{nvidia.com/gpu: {gpus}}}}}
"""
SHELL = """#!/usr/bin/env bash
export CUDA_VISIBLE_DEVICES={devices}
MODEL=${{MODEL:-{model}}}
ARGS=(--tensor-parallel-size {gpus} --max-model-len {context})
exec vllm serve "$MODEL" "${{ARGS[@]}}" --max-num-seqs {seqs}
"""
COMPOSE = """services:
  llm-{n}:
    image: vllm/vllm-openai:v0.11.0
    command: --model {model} --max-model-len {context} --tensor-parallel-size {gpus} --max-num-seqs {seqs}
    deploy: {{resources: {{reservations: {{devices: [{{driver: nvidia, count: {gpus}, capabilities: [gpu]}}]}}}}}}
"""


def file_of(n, model, card, gpus, context):
    seqs = 16 + n % 97
    shape = n % 5
    if shape == 0:
        return "sh", SHELL.format(model=model, gpus=gpus, context=context, seqs=seqs,
                                  devices=",".join(map(str, range(gpus))))
    if shape == 1:
        return "yml", COMPOSE.format(n=n, model=model, gpus=gpus, context=context, seqs=seqs)
    sglang = shape == 4
    args = ([f"--model-path={model}", f"--tp-size={gpus}", f"--context-length={context}", f"--max-running-requests={seqs}"]
            if sglang else
            [f"--model={model}", f"--tensor-parallel-size={gpus}", f"--max-model-len={context}", f"--max-num-seqs={seqs}"])
    return "yaml", OBJECT.format(
        n=n, replicas=1 + n % 4, card=card, gpus=gpus, args=", ".join(args),
        image="lmsysorg/sglang:v0.5.3" if sglang else "vllm/vllm-openai:v0.11.0",
        command="[python3, -m, sglang.launch_server]" if sglang else "[python3, -m, vllm.entrypoints.openai.api_server]")


def write(folder, count):
    choices = itertools.cycle(itertools.product(CONTEXTS, CARDS, [1, 2, 4], MODELS))
    for n, (context, card, gpus, model) in zip(range(count), choices):
        ending, text = file_of(n, model, card, gpus, context)
        (folder / f"{n:05}.{ending}").write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--program", default="build/release/qwenfit")
    parser.add_argument("--keep", help="folder to write to and leave")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        write(folder, options.count)
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            run = subprocess.run([options.program, "check", str(folder), "-d", "h100:4", "-o", "json"], capture_output=True)
            times.append(time.perf_counter() - begin)
            if run.returncode not in (0, 1, 3):
                sys.exit(run.stderr.decode())
        print(f"{options.count} files: {sorted(times)[2]:.3f} s (median of 5; best {min(times):.3f})")


if __name__ == "__main__":
    main()
