cd /srv/llm
source .venv/bin/activate
CUDA_VISIBLE_DEVICES=0,1,2,3 nohup python -m vllm.entrypoints.openai.api_server \
    --model Qwen/Qwen2.5-32B-Instruct-GPTQ-Int4 \
    --tensor-parallel-size 4 --max-model-len 32768 \
    --port 8001 > vllm.log 2>&1 &
echo $! > vllm.pid
