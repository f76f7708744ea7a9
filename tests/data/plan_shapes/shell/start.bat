@echo off
REM llama-server -m old.gguf
set CTX=16384
llama-server.exe -m D:\gguf\Qwen3-8B-Q4_K_M.gguf ^
  -c %CTX% ^
  -ngl 99
