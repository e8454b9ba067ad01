"""Log-probabilities of 50 responses under transformers, compared with `dno model score`, and 2,000 strings' token ids."""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

model_dir, lines_file, strings_file, ids_file = sys.argv[1:5]
ours = [json.loads(line)["logProbabilities"] for line in Path(sys.argv[5]).read_text().splitlines()]
tokenizer = AutoTokenizer.from_pretrained(model_dir)
model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
worst = 0.0
tokens = 0
for line, scored in zip(Path(lines_file).read_text().splitlines(), ours, strict=True):
    pair = json.loads(line)
    messages = [{"role": "user", "content": pair["prompt"]}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    prompt = tokenizer(text, add_special_tokens=False).input_ids
    response = tokenizer(pair["response"], add_special_tokens=False).input_ids
    with torch.no_grad():
        logits = model(torch.tensor([prompt + response])).logits[0]
    log_probabilities = torch.log_softmax(logits[len(prompt) - 1 : -1].double(), -1)
    theirs = log_probabilities[torch.arange(len(response)), torch.tensor(response)].tolist()
    assert len(theirs) == len(scored), (pair, len(theirs), len(scored))
    worst = max([worst, *(abs(a - b) for a, b in zip(theirs, scored))])
    tokens += len(theirs)
strings = json.loads(Path(strings_file).read_text())
ids = json.loads(Path(ids_file).read_text())
different = sum(tokenizer(text, add_special_tokens=False).input_ids != our for text, our in zip(strings, ids, strict=True))
print(json.dumps({"texts": len(ours), "tokens": tokens, "largestDifference": worst, "strings": len(strings), "differentStrings": different}))
sys.exit(0 if worst < 1e-3 and different == 0 else 1)
