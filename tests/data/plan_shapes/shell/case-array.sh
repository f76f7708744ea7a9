CACHE=()
if [ -n "$OFFLOAD" ]; then
  CACHE=(--page-size 64 --enable-hierarchical-cache --hicache-size "$HICACHE_GB")
fi
python3 -m sglang.launch_server --model-path Qwen/Qwen3-32B --tp 4 "${CACHE[@]}"
