import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { openChatTemplate } from "../../gpu-worker/formats/chat-template.ts";
import { readAdapter } from "../../gpu-worker/model/adapter.ts";
import { checkModel, readModelConfig } from "../../gpu-worker/model/folder.ts";
import { samplingBytes, trainingBytes } from "../../gpu-worker/model/memory.ts";
import { parameterCount } from "../../gpu-worker/model/parameters.ts";
import { count } from "../render/format.ts";
import { parseStrictly, wholeNumber } from "../strict-args.ts";

const ARGS = {
	dir: { type: "positional", description: "A Hugging Face folder" },
	batch: { type: "string", valueHint: "n", description: "Rows to tell memory for (default: 32)" },
	length: { type: "string", valueHint: "n", description: "Tokens of a row, prompt and response (default: 256)" },
	json: { type: "boolean", description: "Print the same as one line of JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

const DEFAULT_BATCH = 32;
const DEFAULT_LENGTH = 256;
/** The adapter that LoRA's memory is told for. */
const LORA = {
	rank: 16,
	alpha: 32,
	targetModules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
};
const EXAMPLE = "What is the capital of France?";

export const showCommand = defineCommand({
	meta: { name: "show", description: "Say what a model is and how much memory it takes" },
	args: ARGS,
	run: ({ rawArgs }) => runShow(rawArgs, (text) => process.stdout.write(text)),
});

/**
 * `dno model show`.
 *
 * @param print takes the facts
 * @returns The exit code.
 * @throws {DnoError} The folder holds no model that the engine runs.
 */
export async function runShow(rawArgs: readonly string[], print: (text: string) => void): Promise<number> {
	const args = parseStrictly("dno model show", rawArgs, ARGS);
	const dir = resolve(args.positionals[0]!);
	const workload = {
		batch: wholeNumber(args, "batch", 1) ?? DEFAULT_BATCH,
		length: wholeNumber(args, "length", 1) ?? DEFAULT_LENGTH,
	};
	const facts = factsOf(dir, workload);
	print(args.options.has("json") ? `${JSON.stringify(facts)}\n` : `${lines(facts).join("\n")}\n`);
	return 0;
}

function factsOf(dir: string, workload: { readonly batch: number; readonly length: number }) {
	const config = readModelConfig(dir);
	checkModel(dir);
	const template = existsSync(join(dir, "tokenizer.json")) ? openChatTemplate(dir) : undefined;
	return {
		...{ folder: dir, architecture: config.architecture, parameters: parameterCount(config), dtype: config.dtype },
		...{ layers: config.layers, hiddenSize: config.hiddenSize, heads: config.heads, kvHeads: config.kvHeads },
		...{ vocabulary: config.vocabSize, context: config.maxPositions, tiedEmbeddings: config.tieEmbeddings },
		adapter: readAdapter(dir, config)?.config,
		memory: {
			...workload,
			sampling: samplingBytes(config, workload),
			lora: trainingBytes(config, workload, LORA),
			full: trainingBytes(config, workload),
		},
		chatExample: template?.render([{ role: "user", content: EXAMPLE }], { addGenerationPrompt: true }),
	};
}

function lines({ memory, adapter, chatExample, ...facts }: ReturnType<typeof factsOf>): string[] {
	const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
	const at = `${memory.batch} rows of ${count(memory.length)} tokens`;
	const shape = `${facts.layers} layers of width ${facts.hiddenSize}, ${facts.heads} heads, ${facts.kvHeads} key heads`;
	return [
		`architecture  ${facts.architecture}: ${shape}`,
		`parameters    ${count(facts.parameters)}, stored as ${facts.dtype}`,
		`vocabulary    ${count(facts.vocabulary)} tokens, embeddings ${facts.tiedEmbeddings ? "tied" : "untied"}`,
		`context       ${count(facts.context)} tokens`,
		...(adapter ? [`adapter       LoRA, rank ${adapter.rank}, alpha ${adapter.alpha}`] : []),
		`memory        for ${at}, in float32, beside the process itself:`,
		`  sampling    ${gigabytes(memory.sampling)}`,
		`  LoRA        ${gigabytes(memory.lora)} (rank ${LORA.rank}, all linear layers)`,
		`  full        ${gigabytes(memory.full)}`,
		...(chatExample === undefined
			? ["chat template none: prompts are read as they are"]
			: ["chat template, on an example:", ...chatExample.split("\n").map((line) => `  | ${line}`)]),
	];
}
