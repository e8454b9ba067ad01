"""What transformers' apply_chat_template makes of chat-templates.json: chat-templates.golden.json."""

import json
from pathlib import Path

from transformers import PreTrainedTokenizerFast

folder = Path(__file__).parent
cases = json.loads((folder / "chat-templates.json").read_text())
tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), bos_token="<s>", eos_token="</s>")
golden = {}
for name, template in cases["templates"].items():
    for conversation, messages in cases["conversations"].items():
        for generation in (False, True):
            try:
                text = tokenizer.apply_chat_template(
                    messages, chat_template=template, tokenize=False, add_generation_prompt=generation
                )
            except Exception as error:  # jinja2's TemplateError
                text = {"error": str(error)}
            golden[f"{name}/{conversation}/{generation}"] = text
(folder / "chat-templates.golden.json").write_text(json.dumps(golden, indent="\t", ensure_ascii=False) + "\n")
