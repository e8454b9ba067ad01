"""The peers' side of the benchmarks: reads work as lines of JSON and answers each with one, as ours.ts does."""

import json
import resource
import sys
import time

import torch
import transformers

transformers.logging.set_verbosity_error()
models = {}


def load(name):
    if name not in models:
        models[name] = transformers.AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32).eval()
    return models[name]


def sample(work):
    """Prompts of one length, equally many responses each; generation does not end early, so that no row idles."""
    model = load(work["model"])
    torch.manual_seed(0)
    prompts = torch.tensor([request["promptTokens"] for request in work["requests"]])
    count = len(work["requests"][0]["seeds"])
    settings = work["settings"]
    start = time.perf_counter()
    with torch.inference_mode():
        output = model.generate(
            prompts,
            attention_mask=torch.ones_like(prompts),
            do_sample=True,
            temperature=settings["temperature"],
            top_p=settings["topP"],
            top_k=0,
            num_return_sequences=count,
            max_new_tokens=settings["maxTokens"],
            eos_token_id=None,
            pad_token_id=0,
        )
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "count": output.shape[0] * (output.shape[1] - prompts.shape[1])}


def greedy(work):
    """Greedy tokens of each prompt, and at every place by how much the best score leads the second."""
    model = load(work["model"])
    answers = []
    for request in work["requests"]:
        prompt = torch.tensor([request["promptTokens"]])
        with torch.inference_mode():
            output = model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                do_sample=False,
                repetition_penalty=1.0,
                max_new_tokens=work["settings"]["maxTokens"],
                output_logits=True,
                return_dict_in_generate=True,
                pad_token_id=0,
            )
        best = [step[0].topk(2).values.tolist() for step in output.logits]
        tokens = output.sequences[0, prompt.shape[1] :].tolist()
        answers.append({"tokens": tokens, "leads": [a - b for a, b in best]})
    return {"answers": answers}


def train(work):
    import peers_training  # TRL takes seconds to load, and sampling does not need it

    return peers_training.train(work)


for line in sys.stdin:
    work = json.loads(line)
    torch.set_num_threads(work["threads"])
    result = {"sample": sample, "greedy": greedy, "train": train}[work["task"]](work)
    result["peakBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(result), flush=True)
