python -m mlx_lm.server --model mlx-community/Qwen3-8B-4bit --port 8080
mlx_lm.chat --help
