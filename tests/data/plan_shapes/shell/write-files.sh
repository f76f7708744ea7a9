MODEL="Qwen/Qwen3-4B"
cat > compose.yaml <<EOF
services:
  llm:
    image: vllm/vllm-openai:v0.11.0
    command: --model $MODEL --max-model-len ${CTX:-8192}
EOF
sudo tee /etc/systemd/system/llm.service > /dev/null <<EOF
[Unit]
Description=llama
[Service]
ExecStart=/usr/bin/llama-server -m /srv/Qwen3-8B-Q5_K_M.gguf -c 16384
EOF
cat <<-MF > Modelfile
	FROM qwen3:8b
	PARAMETER num_ctx 4096
	MF
