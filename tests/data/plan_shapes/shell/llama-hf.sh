llama-server -hf Qwen/Qwen3-VL-8B-Instruct-GGUF:Q8_0 -c 8192 --jinja
