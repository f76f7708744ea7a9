vllm serve Qwen/Qwen3-8B --max-model-len 8192 --kv-cache-dtype auto --max-model-len=4096 --kv-cache-dtype fp8_e4m3
