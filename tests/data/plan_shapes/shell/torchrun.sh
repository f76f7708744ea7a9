python -m sglang.launch_server --model Qwen/Qwen3-8B --dp-size 2 --tp-size 2 --enable-dp-attention
