"""Blocks of every GGUF quantisation that dno reads and what the gguf package makes of them. See README.md for how to run it.

Random bytes reach every bit of a block; their float16 scales are replaced by finite ones. Where the package can also
quantise, blocks of real numbers are added.
"""

import base64
import json
from pathlib import Path

import numpy as np
from gguf import quants
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type

# Where in a block its float16 scales stand.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
    "F32": [], "F16": [], "BF16": [],
}  # fmt: skip
rng = np.random.default_rng(0)


def random_blocks(kind, block_bytes, count=3):
    blocks = rng.integers(0, 256, (count, block_bytes), dtype=np.uint8)
    for at in SCALES[kind.name]:
        blocks[:, at : at + 2] = rng.normal(0, 0.1, (count, 1)).astype(np.float16).view(np.uint8)
    return blocks


def base64_of(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


golden = {}
for name in SCALES:
    kind = Type[name]
    block_size, block_bytes = GGML_QUANT_SIZES[kind]
    rows = []
    if block_size > 1:
        rows.append(random_blocks(kind, block_bytes).reshape(1, -1))
    if not name.endswith("_K"):
        rows.append(quants.quantize(rng.normal(0, 1, (1, 64)).astype(np.float32), kind).view(np.uint8))
    blocks = np.concatenate(rows, axis=1)
    typed = blocks.view({"F32": np.float32, "F16": np.float16}.get(name, np.uint8))
    golden[name] = {"type": int(kind), "blocks": base64_of(blocks), "weights": base64_of(quants.dequantize(typed, kind))}

path = Path(__file__).parent / "quantizations.golden.json"
path.write_text(json.dumps(golden, indent="\t") + "\n")
