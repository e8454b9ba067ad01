"""A small byte-level vocabulary, and what Rust's tokenizers make of 2,000 strings with it and every pre-tokenizer that dno
knows from GGUF. See README.md for how to run it. With a folder as argument, SmolLM2's tokenizer is measured again, too.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HERE = Path(__file__).parent
TOKENS = 700
BATCH = 100
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def run(script, *arguments):
    subprocess.run(["npx", "node", str(HERE / script), *map(str, arguments)], check=True)


def train(strings):
    """Vocabulary and merges in the words of GGUF; the strings trained on have no numbers, so that merges differ little."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=TOKENS, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(strings, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return {"tokens": tokens, "merges": [" ".join(merge) for merge in model["merges"]]}


def hashes(file, strings):
    """One sha256 a batch of 100 strings, over the JSON of their token ids; and one over all decoded texts."""
    tokenizer = Tokenizer.from_file(str(file))
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in strings]
    batches = [ids[at : at + BATCH] for at in range(0, len(ids), BATCH)]
    texts = [tokenizer.decode(each, skip_special_tokens=True) for each in ids]
    return {"encoded": [digest(batch) for batch in batches], "decoded": digest(texts)}


def digest(value):
    return hashlib.sha256(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()[:16]


with tempfile.TemporaryDirectory() as folder:
    work = Path(folder)
    run("make-tokenizers.ts", work)
    strings = json.loads((work / "strings.json").read_text())
    vocabulary = HERE / "byte-level.golden.json"
    if not vocabulary.exists():
        vocabulary.write_text(json.dumps(train(strings), ensure_ascii=False, indent=None) + "\n")
    run("make-tokenizers.ts", work)
    path = HERE / "tokenizer-hashes.golden.json"
    golden = json.loads(path.read_text()) if path.exists() else {}
    for file in sorted(work.glob("*.tokenizer.json")):
        golden[file.name.removesuffix(".tokenizer.json")] = hashes(file, strings)
    if len(sys.argv) > 1:
        golden["SmolLM2"] = hashes(Path(sys.argv[1]) / "tokenizer.json", strings)
    path.write_text(json.dumps(golden, indent="\t") + "\n")
