import argparse
import sglang as sgl

parser = argparse.ArgumentParser()
parser.add_argument("-m", "--model", default="Qwen/Qwen3-32B-FP8")
parser.add_argument("--tp", type=int, required=True)
args = parser.parse_args()
llm = sgl.Engine(model_path=args.model, tp_size=args.tp, mem_fraction_static=0.8, context_length=32768)
