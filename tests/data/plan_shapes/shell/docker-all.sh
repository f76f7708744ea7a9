sudo docker run -d --name sgl --gpus all --shm-size 32g -p 30000:30000 --env "HF_TOKEN=x" --ipc=host lmsysorg/sglang:latest \
    python3 -m sglang.launch_server --model-path Qwen/Qwen3-Coder-30B-A3B-Instruct --tp=2 --context-length=65536
