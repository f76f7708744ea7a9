python3 -m sglang.launch_server --model-path Qwen/Qwen3.5-122B-A10B --tp 4 \
  --speculative-algorithm EAGLE --speculative-num-steps 3 --speculative-eagle-topk 1 --speculative-num-draft-tokens 4 \
  --mamba-ssm-dtype bfloat16
