#!/bin/bash
set -euo pipefail
# vllm serve Qwen/Qwen3-235B-A22B -tp 8
MODEL=${MODEL:-Qwen/Qwen3-14B}
ARGS=(
  --gpu-memory-utilization 0.9
  # --enforce-eager
  --kv-cache-dtype fp8
)
if [ "$(nvidia-smi -L | wc -l)" -gt 1 ]; then
  TP=2
else
  TP=1
fi
echo "vllm serve $MODEL"
docker run --rm --gpus '"device=0,1"' -e HF_TOKEN=x --name vllm vllm/vllm-openai:v0.11.0 \
  --model "$MODEL" -tp $TP "${ARGS[@]}" --max-model-len 4096 --max-model-len 8192 | tee log
