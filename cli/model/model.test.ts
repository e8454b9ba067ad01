import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyConfig } from "../../bench/golden/tiny-config.ts";
import { createOnnxEngine } from "../../gpu-worker/engines/onnx/index.ts";
import { openTokenizer } from "../../gpu-worker/formats/tokenizer.ts";
import { readModel } from "../../gpu-worker/model/folder.ts";
import { createRandomModel } from "../../gpu-worker/model/init.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { runGenerate } from "./generate.ts";
import { runScore } from "./score.ts";
import { runShow } from "./show.ts";

const tokenizerFile = join(import.meta.dirname, "../../bench/golden/tokenizer.json");

async function tinyModel(): Promise<string> {
	const outDir = join(temporaryFolder(), "tiny");
	await createRandomModel({ config: tinyConfig(true), tokenizerFile, seed: 3, outDir });
	return outDir;
}

/** What a command prints. */
async function printed(run: (rawArgs: string[], print: (text: string) => void) => Promise<number>, ...args: string[]) {
	let text = "";
	expect(
		await run(args, (part) => {
			text += part;
		}),
	).toBe(0);
	return text;
}

describe("dno model show", () => {
	test("counts the weights that are there, and what working with them takes", async () => {
		const dir = await tinyModel();
		const json = await printed(runShow, dir, "--batch", "2", "--length", "8", "--json");
		const facts = JSON.parse(json) as Record<string, never> & { memory: Record<string, number> };
		const counted = [...readModel(dir).weights.values()].reduce((sum, { length }) => sum + length, 0);
		expect(facts).toMatchObject({ architecture: "LlamaForCausalLM", parameters: counted, dtype: "float32" });
		const { layers, kvHeads, headDim, vocabSize } = tinyConfig(true);
		const cache = 2 * layers * kvHeads * headDim * 2 * 8;
		expect(facts.memory.sampling).toBe(4 * (counted + cache + 3 * 2 * vocabSize));
		expect(facts.memory.full).toBeGreaterThan(20 * counted);
		expect(facts).not.toHaveProperty("chatExample");
	});

	test("renders the chat template", async () => {
		const dir = await tinyModel();
		writeFileSync(join(dir, "chat_template.jinja"), "USER: {{ messages[0].content }}");
		expect(await printed(runShow, dir)).toContain("  | USER: What is the capital of France?\n");
	});

	test("says what a folder lacks", async () => {
		const dir = await tinyModel();
		rmSync(join(dir, "model.safetensors"));
		await expect(runShow([dir], () => {})).rejects.toThrow("model.safetensors");
		await expect(runShow([join(dir, "no")], () => {})).rejects.toThrow("there is no model folder");
	});
});

describe("dno model score", () => {
	test("gives what sampling says of the same tokens", async () => {
		const dir = await tinyModel();
		const tokenizer = openTokenizer(dir);
		const sampler = await createOnnxEngine({ threads: 1 }).openSampler(dir);
		const prompt = tokenizer.decode([5, 6, 7]);
		const seeds = Array.from({ length: 20 }, (_, k) => k);
		const [drawn] = await sampler.sample([{ promptTokens: tokenizer.encode(prompt), seeds }], {
			temperature: 1,
			topP: 1,
			maxTokens: 6,
		});
		await sampler.dispose();
		// The tokens of a text are those that were drawn only where the tokenizer makes the same ones of it again.
		const responses = drawn!.filter(
			({ tokens }) => tokenizer.encode(tokenizer.decode(tokens)).join() === tokens.join(),
		);
		expect(responses.length).toBeGreaterThan(1);
		const file = join(dir, "in.jsonl");
		const lines = responses.map(({ tokens }) => JSON.stringify({ prompt, response: tokenizer.decode(tokens) }));
		writeFileSync(file, `${lines.join("\n")}\n`);
		const scored = (await printed(runScore, dir, "--in", file, "--json")).trim().split("\n");
		responses.forEach(({ tokenLogProbabilities }, i) => {
			const { logProbabilities } = JSON.parse(scored[i]!) as { logProbabilities: number[] };
			expect(logProbabilities).toHaveLength(tokenLogProbabilities.length);
			logProbabilities.forEach((value, at) => {
				expect(Math.abs(value - tokenLogProbabilities[at]!)).toBeLessThan(1e-4);
			});
		});
		expect(await printed(runScore, dir, "--in", file)).toMatch(/^-\d+\.\d{4} for \d+ tokens, -\d/);
	});

	test.for([
		["nonsense", ":2: the line is not JSON"],
		['{"prompt": "a"}', ":2: the line is no {prompt, response}"],
		[JSON.stringify({ prompt: "", response: "a" }), ":2: the prompt has no tokens"],
	] as const)("a bad line is one error with its number: %s", async ([line, says], { expect }) => {
		const dir = await tinyModel();
		const word = openTokenizer(dir).decode([5]);
		const file = join(dir, "in.jsonl");
		writeFileSync(file, `${JSON.stringify({ prompt: word, response: word })}\n${line}\n`);
		await expect(runScore([dir, "--in", file], () => {})).rejects.toThrow(`${file}${says}`);
	});

	test("a tokenizer that does not fit the embedding is one error that names it", async () => {
		const dir = await tinyModel();
		const tokenizer = join(dir, "tokenizer.json");
		const json = JSON.parse(readFileSync(tokenizer, "utf8")) as { model: { vocab: Record<string, number> } };
		json.model.vocab.foreign = 20;
		writeFileSync(tokenizer, JSON.stringify(json));
		const file = join(dir, "in.jsonl");
		writeFileSync(file, JSON.stringify({ prompt: "w1", response: "foreign" }));
		const says = `${tokenizer}: the tokenizer's ids do not fit a vocabulary of 20. got 20`;
		await expect(runScore([dir, "--in", file], () => {})).rejects.toThrow(says);
		await expect(runGenerate([dir, "--prompt", "foreign"], () => {})).rejects.toThrow(says);
	});

	test("a line longer than the context is one error", async () => {
		const dir = await tinyModel();
		const word = openTokenizer(dir).decode([5]);
		const file = join(dir, "in.jsonl");
		writeFileSync(file, JSON.stringify({ prompt: word, response: Array(70).fill(word).join(" ") }));
		await expect(runScore([dir, "--in", file], () => {})).rejects.toThrow("do not fit the model's 64 positions");
		await expect(runScore([dir], () => {})).rejects.toThrow("--in is missing");
		await expect(runScore([dir, "--in", `${file}x`], () => {})).rejects.toThrow("Did you mean in.jsonl?");
		const folder = runScore([dir, "--in", dir], () => {});
		await expect(folder).rejects.toThrow(
			`${dir}: the file cannot be read. got "EISDIR". It is a folder: name a file in it`,
		);
	});
});
