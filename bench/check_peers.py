"""What TRL, PEFT and transformers make of what check-peers.ts prepared: `check_peers.py FOLDER`.

FOLDER holds `job.json`, the policy folder `policy` (base weights and a new LoRA adapter), and the exports `peft` and `merged`
of the policy after training. Prints one line of JSON: loss and gradient norm of every step of TRL's DPOTrainer; of both
exports the log-probabilities of the next token after every prefix, and token ids of the texts.
"""

import contextlib
import json
import sys
from pathlib import Path

import torch
from datasets import Dataset
from peft import PeftModel
from torch.utils.data import SequentialSampler
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer


class TokenTrainer(DPOTrainer):
    """DPO on token ids as they are, in their order; keeps every step's loss unrounded."""

    def _prepare_dataset(self, dataset, *args):
        return dataset

    def _get_train_sampler(self, *args):
        return SequentialSampler(self.train_dataset)

    def training_step(self, *args, **kwargs):
        loss = super().training_step(*args, **kwargs)
        self.losses.append(loss.item())
        return loss

    def log(self, logs, *args, **kwargs):
        if "grad_norm" in logs:
            self.norms.append(float(logs["grad_norm"]))
        return super().log(logs, *args, **kwargs)


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def load_base(folder):
    """The base weights alone: transformers would add the adapter that lies beside them."""
    files = [path for path in folder.iterdir() if not path.name.startswith("adapter_")]
    base = folder.parent / "base"
    base.mkdir()
    for path in files:
        (base / path.name).symlink_to(path)
    return load(base)


def train(folder, base, job):
    model = PeftModel.from_pretrained(base, folder / "policy", is_trainable=True)
    settings = job["settings"]
    args = DPOConfig(
        output_dir=str(folder / "trl"),
        learning_rate=settings["learningRate"],
        lr_scheduler_type="constant",
        weight_decay=settings["weightDecay"],
        max_grad_norm=settings["maxGradNorm"],
        per_device_train_batch_size=settings["batchSize"],
        max_steps=settings["steps"],
        beta=settings["beta"],
        optim="adamw_torch",
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        disable_tqdm=True,
    )
    columns = {"prompt": "prompt_ids", "chosen": "chosen_ids", "rejected": "rejected_ids"}
    rows = [{columns[key]: row[key] for key in columns} for row in job["pairs"]]
    trainer = TokenTrainer(
        model=model,
        args=args,
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(folder / "policy"),
    )
    trainer.losses, trainer.norms = [], []
    trainer.train()
    return {"losses": trainer.losses, "gradNorms": trainer.norms}


@torch.no_grad()
def next_tokens(model, job):
    model.eval()
    return [
        torch.log_softmax(model(input_ids=torch.tensor([prefix])).logits[0, -1].double(), -1)[job["candidates"]].tolist()
        for prefix in job["prefixes"]
    ]


def main():
    folder = Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text())
    base = load_base(folder / "policy")
    # Libraries print what they do; the answer alone goes to stdout.
    with contextlib.redirect_stdout(sys.stderr):
        exported = PeftModel.from_pretrained(base, folder / "peft")
        peft = next_tokens(exported, job)
        steps = train(folder, exported.unload(), job)
        merged = next_tokens(load(folder / "merged"), job)
        ids = {
            name: [AutoTokenizer.from_pretrained(folder / name)(text, add_special_tokens=False).input_ids for text in job["texts"]]
            for name in ("peft", "merged")
        }
    print(json.dumps({"trl": steps, "peft": peft, "merged": merged, "ids": ids}))


main()
