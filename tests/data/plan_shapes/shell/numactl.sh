env CUDA_VISIBLE_DEVICES=3 numactl --cpunodebind=0 --membind=0 timeout 3600 vllm serve Qwen/Qwen3-8B --max-model-len 8192 | tee log
