# The script writes the option file that the command names.
LEN=16384
cat > /tmp/options.yaml <<EOF
max-model-len: $LEN
tensor-parallel-size: 2
EOF
vllm serve Qwen/Qwen3-14B --config /tmp/options.yaml --gpu-memory-utilization 0.8
