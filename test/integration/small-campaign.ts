import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CampaignConfigInput } from "../../core/config.ts";
import { createRandom, hashSeed } from "../../core/random.ts";
import { parseLlamaConfig } from "../../gpu-worker/model/config.ts";
import { createRandomModel } from "../../gpu-worker/model/init.ts";
import { SPECIAL_WORDS, WORD_TOKENIZER_CONFIG, wordTokenizer } from "../word-tokenizer.ts";

/**
 * A real campaign that takes seconds: adding one-digit numbers with a random model of a few thousand weights. It learns
 * next to nothing; what it shows is that every step happens, once, and alike.
 *
 * @returns its folder, with `dno.config.json`
 */
export async function makeSmallCampaign(overrides: Partial<CampaignConfigInput> = {}): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), "dno-small-"));
	const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
	for (const [split, first, count] of [
		["train", 0, 24],
		["validation", 24, 6],
		["held-out", 30, 10],
	] as const) {
		write(`${split}.jsonl`, problems(first, count, split === "train"));
	}
	write("tokenizer.json", JSON.stringify(wordTokenizer(WORDS)));
	write("tokenizer_config.json", JSON.stringify(WORD_TOKENIZER_CONFIG));
	write("verifier.ts", VERIFIER);
	const config = parseLlamaConfig(
		{
			architectures: ["LlamaForCausalLM"],
			vocab_size: WORDS.length,
			hidden_size: 32,
			intermediate_size: 32,
			num_hidden_layers: 2,
			num_attention_heads: 2,
			num_key_value_heads: 1,
			max_position_embeddings: 32,
			tie_word_embeddings: true,
			eos_token_id: 1,
			pad_token_id: 0,
		},
		"small model",
	);
	const tokenizerFile = join(folder, "tokenizer.json");
	await createRandomModel({ config, tokenizerFile, seed: 1, outDir: join(folder, "model") });
	const campaign: CampaignConfigInput = {
		name: "small",
		iterations: 2,
		policy: { model: "model" },
		prompts: { train: "train.jsonl", validation: "validation.jsonl", heldOut: "held-out.jsonl", perIteration: 8 },
		sampling: { samples: 3, maxTokens: 4 },
		oracle: { kind: "verifier", module: "verifier.ts", chunkSize: 3, concurrency: 2 },
		pairs: { replay: [0.3, 0.15] },
		training: { learningRate: 1e-3, batchSize: 4, nllWeight: 1, checkpointEvery: 2 },
		baselines: { sft: {}, offlineDpo: {}, offlineKto: {} },
		evaluation: { samples: 2 },
		engine: { kind: "onnx", threads: 1 },
		...overrides,
	};
	write("dno.config.json", JSON.stringify(campaign));
	return folder;
}

const NUMBERS = Array.from({ length: 19 }, (_, i) => String(i));
const WORDS = [...SPECIAL_WORDS, "+", "=", ...NUMBERS];

/** All sums of two one-digit numbers in one shuffled order, so that splits do not meet. */
function problems(first: number, count: number, isTrain: boolean): string {
	const random = createRandom(hashSeed("small campaign"));
	const pairs = NUMBERS.slice(0, 10).flatMap((a) => NUMBERS.slice(0, 10).map((b) => [a, b, random()] as const));
	return pairs
		.toSorted((a, b) => a[2] - b[2])
		.slice(first, first + count)
		.map(([a, b, fate]) => {
			const sum = Number(a) + Number(b);
			const answers = [String(sum), String((sum + 1) % 19), String((sum + 5) % 19)];
			const gold = fate < 0.8 ? answers[0]! : answers[1]!;
			return `${JSON.stringify({ id: `${a}+${b}`, prompt: `${a} + ${b} =`, gold, ...(isTrain && { answers }), meta: sum })}\n`;
		})
		.join("");
}

const VERIFIER = `export function verify({ response, meta }) {
	const off = Math.abs(Number(response) - meta);
	const correct = off === 0;
	return { score: Number.isNaN(off) ? -100 : -off, correct, reason: correct ? "" : \`\${response} is not \${meta}\` };
}
`;
