# In single quotes, or behind a backslash, $ is a sign like any other.
vllm serve '/models/$archive/Qwen3-8B' --served-model-name "\$chat" --max-model-len 8192
docker run --gpus all -v '/srv/Qwen2.5-7B-Instruct-AWQ:/model' lmsysorg/sglang:v0.5.3 \
  python3 -m sglang.launch_server --model-path /model --context-length 4096
