vllm serve Qwen/Qwen3.5-35B-A3B --speculative-config.method mtp --speculative-config.num_speculative_tokens=3
