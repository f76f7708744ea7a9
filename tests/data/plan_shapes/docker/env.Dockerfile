FROM vllm/vllm-openai:v0.11.0
ENV MODEL=Qwen/Qwen3-8B \
    MAX_LEN=8192
ENV TP 2
ENTRYPOINT []
CMD ["/bin/sh", "-c", "vllm serve $MODEL --max-model-len $MAX_LEN --tensor-parallel-size ${TP}"]
