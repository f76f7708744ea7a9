vllm serve Qwen/Qwen3-8B --max-model-len 40k --kv-cache-memory-bytes 8G --cpu-offload-gb 4
