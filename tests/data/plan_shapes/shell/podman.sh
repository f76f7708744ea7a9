podman run --replace -d --device nvidia.com/gpu=all -v ./models:/models:Z ghcr.io/ggml-org/llama.cpp:server-cuda -m /models/Qwen3-8B-Q6_K.gguf --ctx-size 16384 --n-gpu-layers 99 --port 8080
