#!/bin/bash
MODEL=Qwen/Qwen3-14B
CTX=12288
python3 - <<PY
from vllm import LLM
llm = LLM("$MODEL", max_model_len=$CTX, tensor_parallel_size=2)
PY
