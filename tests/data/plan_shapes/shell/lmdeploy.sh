lmdeploy serve api_server Qwen/Qwen2.5-7B-Instruct --tp 1 --session-len 8192
