vllm serve Qwen/Qwen3-8B --max-model-len auto --kv-cache-dtype auto --dtype auto --max-model-len -1
