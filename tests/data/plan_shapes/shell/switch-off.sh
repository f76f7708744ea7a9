vllm serve Qwen/Qwen3-8B --no-enable-prefix-caching --enforce-eager --no-enable-log-requests
