#!/usr/bin/env bash
set -euo pipefail
export CUDA_VISIBLE_DEVICES=0,1
MODEL=${1:-Qwen/Qwen3-14B}
ARGS=(
  --tensor-parallel-size 2   # both cards
  --max-model-len "${MAX_LEN:-16384}"
)
ARGS+=(--gpu-memory-utilization 0.92)
exec vllm serve "$MODEL" "${ARGS[@]}" "$@"
