from vllm import LLM, SamplingParams
llm = LLM(model="Qwen/Qwen3-8B", tensor_parallel_size=2, max_model_len=8192)
print(llm.generate("hi"))
