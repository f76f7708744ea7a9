module.exports = {
  apps: [{
    name: 'vllm',
    script: '/opt/venv/bin/vllm',
    args: 'serve Qwen/Qwen3-8B --max-model-len 8192',
    interpreter: 'none',
  }],
};
