{ pkgs, ... }: {
  systemd.services.llm = {
    serviceConfig.ExecStart = "${pkgs.llama-cpp}/bin/llama-server -hf unsloth/Qwen3-30B-A3B-GGUF:Q4_K_M -c 32768 --port 8080";
  };
}
