start() {
  local model=$1; shift
  vllm serve "$model" --host 0.0.0.0 "$@" &
}
start Qwen/Qwen3-8B --max-model-len 32768
start Qwen/Qwen3-Reranker-0.6B --task score --gpu-memory-utilization 0.2
wait
