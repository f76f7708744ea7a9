ssh gpu01 "cd /srv && vllm serve Qwen/Qwen3-8B --max-model-len 8192"
