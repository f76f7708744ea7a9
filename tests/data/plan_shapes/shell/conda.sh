conda run -n vllm --no-capture-output vllm serve Qwen/Qwen3-8B --max-model-len 8192
