vllm serve /mnt/nvme/checkpoint-final --served-model-name Qwen3-8B
