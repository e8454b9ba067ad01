import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DnoError } from "../../core/errors.ts";
import { tokenizerConfigJson, tokenizerJson } from "../../examples/geometry/tokenizer.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openTokenizer, type Tokenizer } from "./tokenizer.ts";

const tiny = join(import.meta.dirname, "../../bench/golden/tokenizer.json");

test("encodes words and spelt-out special tokens, and decodes without the special ones", () => {
	const tokenizer = openTokenizer(tiny);
	expect(tokenizer.vocabSize).toBe(20);
	expect(tokenizer.encode("w0 w3 nonsense</s>")).toEqual([3, 6, 2, 1]);
	expect(tokenizer.decode([3, 6, 1])).toBe("w0 w3");
	expect(tokenizer.decode([])).toBe("");
	expect(tokenizer.tokenId("w16")).toBe(19);
	expect(tokenizer.tokenId("w17")).toBeUndefined();
});

test("handles the geometry example: a number is one token, and an answer decodes as it was written", () => {
	const dir = temporaryFolder();
	writeFileSync(join(dir, "tokenizer.json"), JSON.stringify(tokenizerJson()));
	writeFileSync(join(dir, "tokenizer_config.json"), JSON.stringify(tokenizerConfigJson()));
	const tokenizer = openTokenizer(dir);
	const answer = "38/2=19; 19-10=9; 10*9=90; #90";
	const ids = tokenizer.encode(answer);
	expect(ids).toHaveLength(20);
	expect(ids).not.toContain(tokenizer.tokenId("<unk>"));
	expect(tokenizer.decode([...ids, tokenizer.tokenId("</s>")!])).toBe(answer);
});

test("opens a vocabulary of 160,000 tokens, as large as those of Llama 3 and Qwen", () => {
	const words = Array.from({ length: 160_000 }, (_, i) => `w${i}`);
	const tokenizer = openWords(words);
	expect(tokenizer.vocabSize).toBe(160_000);
	expect(tokenizer.encode("w0 w159999")).toEqual([0, 159_999]);
});

test.each([{}, { clean_up_tokenization_spaces: null }, { clean_up_tokenization_spaces: true }])(
	"decodes to what was said, spaces before punctuation too, with %j in tokenizer_config.json",
	(config) => {
		const tokenizer = openWords(["do", "n't", "stop", "."], config);
		expect(tokenizer.decode([0, 1, 2, 3])).toBe("do n't stop .");
	},
);

test("refuses what is no tokenizer, naming the file", () => {
	const dir = temporaryFolder();
	const path = join(dir, "tokenizer.json");
	expect(() => openTokenizer(path)).toThrow(DnoError);
	for (const text of ["{", "[]", "{}", '{"model":{"type":"NoSuchModel"}}']) {
		writeFileSync(path, text);
		expect(() => openTokenizer(path)).toThrow(DnoError);
		expect(() => openTokenizer(path)).toThrow(path);
	}
});

function openWords(words: readonly string[], config: Record<string, unknown> = {}): Tokenizer {
	const dir = temporaryFolder();
	const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
	const parts = { added_tokens: [], normalizer: null, post_processor: null, decoder: null };
	const model = { type: "WordLevel", vocab, unk_token: words[0] };
	const json = { version: "1.0", ...parts, pre_tokenizer: { type: "WhitespaceSplit" }, model };
	writeFileSync(join(dir, "tokenizer.json"), JSON.stringify(json));
	writeFileSync(join(dir, "tokenizer_config.json"), JSON.stringify(config));
	return openTokenizer(dir);
}
