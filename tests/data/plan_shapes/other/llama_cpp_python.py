from llama_cpp import Llama
llm = Llama(model_path="./models/Qwen3-8B-Q4_K_M.gguf", n_ctx=12288, n_gpu_layers=-1, n_batch=512, flash_attn=True)
