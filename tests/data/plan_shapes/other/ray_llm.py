from ray import serve
from ray.serve.llm import LLMConfig, build_openai_app

config = LLMConfig(
    model_loading_config=dict(model_id="chat", model_source="Qwen/Qwen2.5-14B-Instruct"),
    deployment_config=dict(autoscaling_config=dict(min_replicas=2, max_replicas=4)),
    accelerator_type="L40S",
    engine_kwargs=dict(tensor_parallel_size=2, max_model_len=8192),
)
serve.run(build_openai_app({"llm_configs": [config]}))
