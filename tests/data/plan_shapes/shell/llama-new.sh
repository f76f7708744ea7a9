llama serve -hf ggml-org/Qwen3.6-35B-A3B-GGUF:Q4_K_M -c 65536 -ts 1,1
