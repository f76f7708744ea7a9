cat > /etc/systemd/system/vllm.service <<'EOF'
[Unit]
Description=vLLM
[Service]
ExecStart=/opt/vllm/bin/vllm serve Qwen/Qwen3-8B --max-model-len 8192
EOF
systemctl enable --now vllm
