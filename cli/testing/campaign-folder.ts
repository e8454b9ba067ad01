import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { encodeSafetensors } from "../../gpu-worker/formats/safetensors.ts";
import { parseLlamaConfig } from "../../gpu-worker/model/config.ts";
import { elementCount, parameterSpecs } from "../../gpu-worker/model/parameters.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { SPECIAL_WORDS, WORD_TOKENIZER_CONFIG, wordTokenizer } from "../../test/word-tokenizer.ts";

/** A campaign small enough to read, in a temporary folder: valid as it is, to be broken by one test each. */
export interface CampaignFolder {
	readonly folder: string;
	path(name: string): string;
	/** Writes a file; texts as they are, everything else as JSON. */
	write(name: string, content: unknown): void;
}

export const CONFIG = `// A comment with { brackets and key: value.
export default {
	name: "tiny",
	iterations: 2,
	policy: { model: "model" },
	prompts: {
		train: "train.jsonl",
		validation: "validation.jsonl",
		heldOut: "held-out.jsonl",
		perIteration: 3,
	},
	sampling: {
		samples: 4,
		maxTokens: 16,
	},
	oracle: { kind: "verifier", module: "verifier.ts" },
	pairs: {},
	training: { learningRate: 1e-4 },
	baselines: { sft: {}, offlineDpo: {} },
	evaluation: { samples: 2 },
	engine: { kind: "onnx" },
	quick: { iterations: 1, "prompts.perIteration": 2 },
};
`;

const WORDS = [...SPECIAL_WORDS, "What", "is", "4", "5"];

/** What is read of a model before a campaign begins; a prompt is four tokens. */
export const MODEL = {
	architectures: ["LlamaForCausalLM"],
	vocab_size: WORDS.length,
	hidden_size: 16,
	intermediate_size: 16,
	num_hidden_layers: 1,
	num_attention_heads: 1,
	max_position_embeddings: 20,
	eos_token_id: 1,
};

export function prompts(prefix: string, count: number): string {
	return Array.from(
		{ length: count },
		(_, index) =>
			`${JSON.stringify({ id: `${prefix}${index}`, prompt: `What is ${prefix} ${index}?`, gold: "4", answers: ["4", "5"] })}\n`,
	).join("");
}

/** @param onFinished as of {@link temporaryFolder} */
export function makeCampaign(onFinished?: Parameters<typeof temporaryFolder>[0]): CampaignFolder {
	const folder = temporaryFolder(onFinished);
	const path = (name: string) => join(folder, name);
	const write = (name: string, content: unknown) => {
		mkdirSync(dirname(path(name)), { recursive: true });
		writeFileSync(
			path(name),
			typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content),
		);
	};
	write("dno.config.ts", CONFIG);
	write("train.jsonl", prompts("train", 6));
	write("validation.jsonl", prompts("validation", 3));
	write("held-out.jsonl", prompts("held-out", 5));
	write("verifier.ts", "export function verify() {\n\treturn { score: 1, correct: true, reason: '' };\n}\n");
	write("model/config.json", MODEL);
	write("model/tokenizer.json", wordTokenizer(WORDS));
	write("model/tokenizer_config.json", WORD_TOKENIZER_CONFIG);
	const zeros = parameterSpecs(parseLlamaConfig(MODEL, "MODEL")).map(
		({ name, shape }) => [name, { shape, data: new Float32Array(elementCount(shape)) }] as const,
	);
	write("model/model.safetensors", Buffer.concat([...encodeSafetensors(zeros)]));
	return { folder, path, write };
}

/** Puts one text for another in a file of the campaign. */
export function edit(campaign: CampaignFolder, text: string, replacement: string): void {
	if (!CONFIG.includes(text)) throw new Error(`the config has no ${text}`);
	campaign.write("dno.config.ts", CONFIG.replace(text, replacement));
}
