"""Serves Qwen."""
import os

from vllm import AsyncEngineArgs, AsyncLLMEngine

MODEL = "Qwen/Qwen3-14B"  # not LLM(model="Qwen/Qwen3-0.6B")

engine_args = AsyncEngineArgs(
    model=MODEL,
    tensor_parallel_size=int(os.environ.get("TP", "2")),
    max_model_len=16_384,
    gpu_memory_utilization=0.85,
    kv_cache_dtype="fp8",
    enable_prefix_caching=False,
    speculative_config={"method": "ngram", "num_speculative_tokens": 3},
    quantization=None,
)
engine = AsyncLLMEngine.from_engine_args(engine_args)
