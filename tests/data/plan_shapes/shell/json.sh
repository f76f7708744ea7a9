vllm serve Qwen/Qwen3.5-27B \
  --speculative-config '{"method": "mtp", "num_speculative_tokens": 2}' \
  --limit-mm-per-prompt '{"image": 0, "video": 0}' \
  --max-model-len 131072
