"""TRL's DPOTrainer on token ids as they are; used by peers.py."""

import contextlib
import sys
import tempfile
import time

import torch
from datasets import Dataset
from peft import LoraConfig
from torch.utils.data import SequentialSampler
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer


class TokenTrainer(DPOTrainer):
    """DPO on token ids in their order; keeps the seconds of every step, optimizer included."""

    def _prepare_dataset(self, dataset, *args):
        return dataset

    def _get_train_sampler(self, *args):
        return SequentialSampler(self.train_dataset)

    def training_step(self, *args, **kwargs):
        self.starts.append(time.perf_counter())
        return super().training_step(*args, **kwargs)

    def log(self, *args, **kwargs):
        self.ends.append(time.perf_counter())
        return super().log(*args, **kwargs)


def train(work):
    with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as folder:
        model = AutoModelForCausalLM.from_pretrained(work["model"], dtype=torch.float32)
        columns = {"prompt": "prompt_ids", "chosen": "chosen_ids", "rejected": "rejected_ids"}
        rows = [{columns[key]: pair[key] for key in columns} for pair in work["pairs"]]
        lora = work.get("lora") and LoraConfig(
            r=work["lora"]["rank"],
            lora_alpha=work["lora"]["alpha"],
            target_modules=work["lora"]["targetModules"],
            task_type="CAUSAL_LM",
        )
        args = DPOConfig(
            output_dir=folder,
            learning_rate=1e-5,
            lr_scheduler_type="constant",
            per_device_train_batch_size=work["batchSize"],
            max_steps=work["steps"],
            max_length=None,
            beta=0.1,
            optim="adamw_torch",
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            disable_tqdm=True,
        )
        trainer = TokenTrainer(
            model=model,
            args=args,
            train_dataset=Dataset.from_list(rows),
            processing_class=AutoTokenizer.from_pretrained(work["model"]),
            peft_config=lora or None,
        )
        trainer.starts, trainer.ends = [], []
        trainer.train()
    return {"stepSeconds": [end - start for start, end in zip(trainer.starts, trainer.ends)][1:]}
