"""Losses, log-probabilities and gradients of tiny models by torch and transformers, as the engine's tests expect them.

Loads the folders that make-models.ts writes with transformers' own classes, so that it also shows that transformers
reads our model folders. Every sequence is run alone and unpadded. See README.md for how to run it.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
BETA, NLL_WEIGHT, DESIRABLE, UNDESIRABLE = 0.5, 0.7, 1.0, 1.5
PROMPTS = [[3, 7, 11, 5], [4, 4, 9], [19, 6, 2, 8, 10, 12]]
CHOSEN = [[13, 8, 1], [15, 16, 17, 18, 1], [5, 1]]
REJECTED = [[9, 1], [3, 14, 1], [7, 7, 7, 1]]
WIN_RATES = {"chosen": [0.9, 0.6, 1.0], "rejected": [0.2, 0.5, 0.3]}
SAMPLES = 6  # entries of a gradient that are kept for the models of every architecture, beside its norm


def token_log_probabilities(model, prompt, response):
    """log π of every response token [len(response)]."""
    logits = model(input_ids=torch.tensor([prompt + response])).logits[0]
    log_probabilities = F.log_softmax(logits, dim=-1)[len(prompt) - 1 : -1]
    return log_probabilities.gather(1, torch.tensor(response)[:, None])[:, 0]


def sums(model, prompts, responses):
    return torch.stack([token_log_probabilities(model, p, r).sum() for p, r in zip(prompts, responses)])


def sft(model, reference):
    return -torch.cat([token_log_probabilities(model, p, r) for p, r in zip(PROMPTS, CHOSEN)]).mean()


def pair_gains(model, reference):
    """log π/π_ref of the chosen and of the rejected responses, [pairs] each."""
    return [sums(model, PROMPTS, side) - sums(reference, PROMPTS, side).detach() for side in (CHOSEN, REJECTED)]


def win_rates():
    return [torch.tensor(WIN_RATES[side]) for side in ("chosen", "rejected")]


def dpo(model, reference):
    chosen, rejected = pair_gains(model, reference)
    return -F.logsigmoid(BETA * (chosen - rejected)).mean() + NLL_WEIGHT * sft(model, reference)


def dno_soft(model, reference):
    """arXiv 2404.03715, Eq. 8, negated, with BETA for η."""
    chosen, rejected = pair_gains(model, reference)
    difference = BETA * chosen - BETA * rejected
    r1, r2 = win_rates()
    gain = torch.sigmoid(r1 - r2) * F.logsigmoid(difference) + torch.sigmoid(r2 - r1) * F.logsigmoid(-difference)
    return -gain.mean()


def ipo(model, reference):
    """arXiv 2310.12036, Eq. 17."""
    chosen, rejected = pair_gains(model, reference)
    return F.mse_loss(chosen - rejected, torch.full([len(PROMPTS)], 1 / (2 * BETA)))


def sppo(model, reference):
    """arXiv 2405.00675, Algorithm 1, with 1/BETA for η; both responses of a pair, half each."""
    sides = zip(pair_gains(model, reference), win_rates())
    return sum(F.mse_loss(gain, (rate - 0.5) / BETA) for gain, rate in sides) / 2


def kto(model, reference):
    # The third response is undesirable; the reference point comes from prompts with the next example's response.
    shifted = CHOSEN[1:] + CHOSEN[:1]
    point = (sums(model, PROMPTS, shifted) - sums(reference, PROMPTS, shifted)).detach().mean().clamp(min=0)
    gains = sums(model, PROMPTS, CHOSEN) - sums(reference, PROMPTS, CHOSEN).detach() - point
    desirable = DESIRABLE * (1 - torch.sigmoid(BETA * gains[:2]))
    undesirable = UNDESIRABLE * (1 - torch.sigmoid(-BETA * gains[2:]))
    return torch.cat([desirable, undesirable]).mean()


def rounded(tensor):
    return [float(f"{number:.6g}") for number in tensor.detach().flatten().tolist()]


def gradients_of(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


def measure(model, reference):
    result = {}
    for loss in (sft, dpo, kto, dno_soft, ipo, sppo):
        value = loss(model, reference)
        gradients = {name: rounded(gradient) for name, gradient in gradients_of(model, value).items()}
        result[loss.__name__.replace("_", "-")] = {"loss": value.item(), "gradients": gradients}
    tokens = [token_log_probabilities(model, p, r) for p, r in zip(PROMPTS, CHOSEN)]
    return result | {"tokenLogProbabilities": [rounded(t) for t in tokens]}


def sampled(gradient):
    """Norm, largest magnitude, and entries at even distances beginning with the first."""
    flat = gradient.flatten()
    stride = max(1, len(flat) // SAMPLES)
    entries = [float(f"{number:.6g}") for number in flat[::stride].tolist()]
    return {"norm": flat.norm().item(), "largest": flat.abs().max().item(), "stride": stride, "entries": entries}


def measure_architecture(model):
    """The SFT loss, its gradient by every weight, log-probabilities, and the most likely tokens after each prompt."""
    loss = sft(model, None)
    gradients = {name: sampled(gradient) for name, gradient in gradients_of(model, loss).items()}
    with torch.no_grad():
        tokens = [rounded(token_log_probabilities(model, p, r)) for p, r in zip(PROMPTS, CHOSEN)]
        greedy = [
            model.generate(
                torch.tensor([p]), attention_mask=torch.ones(1, len(p)), max_new_tokens=8, do_sample=False
            )[0, len(p) :].tolist()
            for p in PROMPTS
        ]
    return {"loss": loss.item(), "gradients": gradients, "tokenLogProbabilities": tokens, "greedy": greedy}


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def write(name, golden):
    (HERE / f"{name}.golden.json").write_text(json.dumps(golden) + "\n")


def main():
    node = sys.argv[1] if len(sys.argv) > 1 else str(HERE / "../../node_modules/.bin/node")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([node, HERE / "make-models.ts", folder], check=True)
        models = {name: load(f"{folder}/{name}") for name in ("tied", "untied", "reference")}
        architectures = {path.name: load(path) for path in sorted(Path(folder, "architectures").iterdir())}
    reference = models.pop("reference")
    golden = {
        "prompts": PROMPTS,
        "chosen": CHOSEN,
        "rejected": REJECTED,
        "winRates": WIN_RATES,
        "settings": {"beta": BETA, "nllWeight": NLL_WEIGHT, "desirableWeight": DESIRABLE, "undesirableWeight": UNDESIRABLE},
        "reference": {side: rounded(sums(reference, PROMPTS, r)) for side, r in (("chosen", CHOSEN), ("rejected", REJECTED))},
        "models": {name: measure(model, reference) for name, model in models.items()},
    }
    write("tiny-models", golden)
    models = {name: measure_architecture(model) for name, model in architectures.items()}
    write("architectures", {"prompts": PROMPTS, "responses": CHOSEN, "models": models})


if __name__ == "__main__":
    main()
