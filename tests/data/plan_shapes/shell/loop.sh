for MODEL in Qwen/Qwen3-0.6B; do
  for i in 0 1; do
    CUDA_VISIBLE_DEVICES=$i vllm serve "$MODEL" --port $((8000 + i)) --max-model-len 4096 &
  done
done
