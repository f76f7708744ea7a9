: "${MODEL:=Qwen/Qwen3-8B}"
: ${CTX:=12288}
SEQS=${SEQS:-${BATCH:-32}}
docker run --rm --gpus '"device=2"' --ipc=host -p 8000:8000 \
  -e HF_HOME=/cache -v ~/.cache/huggingface:/cache \
  -e HF_TOKEN=$HF_TOKEN \
  vllm/vllm-openai:v0.11.0 \
  --model "$MODEL" --max-model-len "$CTX" --max-num-seqs $SEQS
