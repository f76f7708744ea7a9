screen -dmS llm bash -c 'vllm serve Qwen/Qwen3-8B --max-model-len 8192'
tmux new-session -d -s sgl "python3 -m sglang.launch_server --model-path Qwen/Qwen3-4B --context-length 4096"
