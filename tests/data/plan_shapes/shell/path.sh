vllm serve /data/models/Qwen/Qwen3-32B-AWQ/ --quantization awq_marlin
