uv run --with vllm --extra-index-url https://example.com vllm serve Qwen/Qwen3-8B --max-model-len 8192
uvx vllm@0.11.0 serve Qwen/Qwen3-4B --max-model-len 4096
