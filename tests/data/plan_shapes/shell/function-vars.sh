TP=2
run_server() {
    CUDA_VISIBLE_DEVICES=0,1 vllm serve $MODEL_NAME \
        --tensor-parallel-size $TP
}
MODEL_NAME="Qwen/Qwen3-32B"
run_server
