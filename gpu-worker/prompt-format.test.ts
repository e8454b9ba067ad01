import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tinyConfig } from "../bench/golden/tiny-config.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { openTokenizer } from "./formats/tokenizer.ts";
import { formatLlamaConfig } from "./model/config.ts";
import { openPromptFormat } from "./prompt-format.ts";

const tokenizerFile = join(import.meta.dirname, "../bench/golden/tokenizer.json");

/** A model's folder without weights. */
function folder(template: string | undefined, eosTokenIds = [1]): string {
	const dir = temporaryFolder();
	cpSync(tokenizerFile, join(dir, "tokenizer.json"));
	writeFileSync(join(dir, "config.json"), JSON.stringify(formatLlamaConfig({ ...tinyConfig(true), eosTokenIds })));
	if (template !== undefined) writeFileSync(join(dir, "chat_template.jinja"), template);
	return dir;
}

test("without a template, or raw, a prompt is read as it is", () => {
	const { tokenizer, encodePrompt, endOfResponse } = openPromptFormat(folder(undefined), "chat");
	const some = tokenizer.decode([5, 6]);
	expect(encodePrompt(some)).toEqual(tokenizer.encode(some));
	expect(endOfResponse).toBe(1);
	expect(openPromptFormat(folder("never {{ seen }}"), "raw").encodePrompt(some)).toEqual(tokenizer.encode(some));
});

test("with one, it becomes a user's message that waits for an answer", () => {
	const plain = openTokenizer(tokenizerFile);
	const [a, b, c] = [5, 6, 7].map((id) => plain.decode([id]).trim());
	const template = `${a} {{ messages[0].content }}{% if add_generation_prompt %} ${b}{% endif %}`;
	expect(openPromptFormat(folder(template), "chat").encodePrompt(c!)).toEqual(plain.encode(`${a} ${c} ${b}`));
});

test("an answer ends with the token that the template puts behind it", () => {
	const plain = openTokenizer(tokenizerFile);
	const end = plain.decode([8]).trim();
	const template = `{% for m in messages %}{{ m.content }} ${end} {% endfor %}`;
	expect(openPromptFormat(folder(template, [1, 8]), "chat").endOfResponse).toBe(8);
	expect(openPromptFormat(folder("{{ messages | length }}", [1, 8]), "chat").endOfResponse).toBe(1);
});
