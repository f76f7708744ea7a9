#!/bin/bash
#SBATCH --job-name=qwen
#SBATCH --nodes=1
#SBATCH --gres=gpu:8
#SBATCH --time=04:00:00
module load cuda
srun --ntasks=1 apptainer exec --nv vllm.sif vllm serve Qwen/Qwen3-235B-A22B-Instruct-2507-FP8 --tensor-parallel-size 8
