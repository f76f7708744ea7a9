FROM python:3.12 AS build
RUN pip wheel vllm
FROM vllm/vllm-openai:v0.10.0
COPY --from=build /w /w
CMD ["--model", "Qwen/Qwen2.5-Coder-7B-Instruct", \
     "--max-model-len", "8192"]
