#!/bin/sh
# deploys
kubectl apply -f - <<'EOF'
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - image: vllm/vllm-openai:v0.11.0
          args: [--model, Qwen/Qwen3-8B, --max-model-len, "16384"]
          resources: {limits: {nvidia.com/gpu: 1}}
EOF
