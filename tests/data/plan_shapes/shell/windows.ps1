$Model = "C:\models\Qwen3-8B-Q4_K_M.gguf"
& .\llama-server.exe -m C:\models\Qwen3-8B-Q4_K_M.gguf `
  -c 16384 `
  -ngl 99
