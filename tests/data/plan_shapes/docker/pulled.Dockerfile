FROM ollama/ollama:0.12.0
ENV OLLAMA_CONTEXT_LENGTH=16384
RUN ollama serve & sleep 5 && ollama pull qwen3:8b
ENV OLLAMA_KV_CACHE_TYPE=q8_0
CMD ["serve"]
