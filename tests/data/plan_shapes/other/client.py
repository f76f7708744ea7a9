from openai import OpenAI  # a vLLM server answers
client = OpenAI(base_url="http://vllm:8000/v1")
client.chat.completions.create(model="Qwen/Qwen3-8B", messages=[])
