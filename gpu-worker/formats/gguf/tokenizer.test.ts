import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { byteLevelMetadata } from "../../../bench/golden/byte-level.ts";
import { tokenizerStrings } from "../../../bench/golden/tokenizer-strings.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { openTokenizer, type Tokenizer } from "../tokenizer.ts";
import { PREPARATIONS } from "./pre-tokenizers.ts";
import { tokenizerOfGguf } from "./tokenizer.ts";

const file = join(import.meta.dirname, "../../../bench/golden/tokenizer-hashes.golden.json");
const golden: Record<string, { encoded: string[]; decoded: string }> = JSON.parse(readFileSync(file, "utf8"));
const strings = tokenizerStrings(2000);
const BATCH = 100;

const digest = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);

function hashes(tokenizer: Tokenizer) {
	const ids = strings.map((text) => tokenizer.encode(text));
	const batches = Array.from({ length: ids.length / BATCH }, (_, i) => ids.slice(i * BATCH, (i + 1) * BATCH));
	return { encoded: batches.map(digest), decoded: digest(ids.map((each) => tokenizer.decode(each))) };
}

function opened(pre: string, changes: Record<string, unknown> = {}): Tokenizer {
	const { tokenizer, tokenizerConfig } = convert(pre, changes);
	const dir = temporaryFolder();
	writeFileSync(join(dir, "tokenizer.json"), JSON.stringify(tokenizer));
	writeFileSync(join(dir, "tokenizer_config.json"), JSON.stringify(tokenizerConfig));
	return openTokenizer(dir);
}

function convert(pre: string, changes: Record<string, unknown> = {}) {
	return tokenizerOfGguf({ path: "some.gguf", metadata: { ...byteLevelMetadata(pre), ...changes } });
}

test.for(Object.keys(PREPARATIONS))("%s: 2,000 strings are encoded and decoded as by Rust's tokenizers", (pre) => {
	expect(hashes(opened(pre))).toEqual(golden[pre]);
});

const smollm2 = process.env.DNO_TEST_SMOLLM2;
const reason = smollm2 ? "" : " (skipped: set DNO_TEST_SMOLLM2 to the folder of smollm2-135m-instruct)";

test.skipIf(!smollm2)(`SmolLM2: the same${reason}`, () => {
	expect(hashes(openTokenizer(smollm2!))).toEqual(golden.SmolLM2);
});

test("digits of SmolLM stand alone, which GGUF says by the pre-tokenizer's name only", () => {
	const text = "12345 ²";
	expect(opened("smollm").encode(text).length).toBeGreaterThanOrEqual(text.length);
	expect(golden.smollm!.encoded).not.toEqual(golden["gpt-2"]!.encoded);
});

test("control tokens are special, user-defined ones are kept by decoding, unused ones are no tokens", () => {
	const tokens = [...(byteLevelMetadata("gpt-2")["tokenizer.ggml.tokens"] as string[]), "<tool>", "<unused>"];
	const types = tokens.map((token) => ({ "<tool>": 4, "<unused>": 5 })[token] ?? (token.startsWith("<|") ? 3 : 1));
	const changes = { "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": types };
	const tokenizer = opened("gpt-2", changes);
	const ids = tokenizer.encode("a<tool>b<|im_end|><unused>");
	expect(ids.slice(1, 2)).toEqual([tokens.indexOf("<tool>")]);
	expect(ids[3]).toBe(2);
	expect(tokenizer.decode(ids)).toBe("a<tool>b<unused>");
	expect(tokenizer.tokenId("<unused>")).toBeUndefined();
});

test("a begin-of-sequence token that llama.cpp adds is added for transformers, too", () => {
	expect(convert("llama-bpe").tokenizer.post_processor).toBeNull();
	const { post_processor } = convert("llama-bpe", { "tokenizer.ggml.add_bos_token": true }).tokenizer;
	expect(post_processor).toMatchObject({ special_tokens: { "<|im_start|>": { ids: [1] } } });
});

test.for([
	["an unknown pre-tokenizer", { "tokenizer.ggml.pre": "tekken" }, 'unsupported tokenizer.ggml.pre. got "tekken"'],
	[
		"no pre-tokenizer",
		{ "tokenizer.ggml.pre": undefined },
		"tokenizer.ggml.pre is missing. Supported are gpt-2, llama-bpe",
	],
	["llama.cpp's own", { "tokenizer.ggml.pre": "default" }, 'unsupported tokenizer.ggml.pre. got "default"'],
	["SentencePiece", { "tokenizer.ggml.model": "llama" }, "only byte-level BPE tokenizers"],
	["no tokens", { "tokenizer.ggml.tokens": undefined }, "tokenizer.ggml.tokens is not a list of texts"],
	["too few types", { "tokenizer.ggml.token_type": [1] }, "token_type does not fit tokens"],
	["a foreign merge", { "tokenizer.ggml.merges": ["q zz"] }, 'a merge that does not fit the tokens. got "q zz"'],
	["an eos beyond the tokens", { "tokenizer.ggml.eos_token_id": 9999 }, "eos_token_id lies outside the vocabulary"],
] as const)("%s is refused, naming the file", ([, changes, says]) => {
	expect(() => convert("gpt-2", changes)).toThrow(`some.gguf: `);
	expect(() => convert("gpt-2", changes)).toThrow(says);
});
