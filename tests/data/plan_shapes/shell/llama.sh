./llama.cpp/build/bin/llama-server \
  --model models/Qwen3-235B-A22B-Instruct-2507-UD-Q2_K_XL-00001-of-00002.gguf \
  -c 32768 -ngl all --n-cpu-moe 60 -ub 2048 -b 4096 -ctk q8_0 -ctv q8_0 -fa on \
  --temp 0.7 --top-p 0.8 --top-k 20 --min-p 0 --jinja
