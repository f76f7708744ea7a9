case "$SIZE" in
  small) TP=1 ;;
  large) TP=4 ;;
esac
vllm serve Qwen/Qwen3-8B --tensor-parallel-size $TP
