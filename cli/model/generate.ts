import { resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { DnoError } from "../../core/errors.ts";
import { hashSeed } from "../../core/random.ts";
import { createOnnxEngine } from "../../gpu-worker/engines/onnx/index.ts";
import { readModelConfig } from "../../gpu-worker/model/folder.ts";
import { openPromptFormat } from "../../gpu-worker/prompt-format.ts";
import { DEVICE_ARG, deviceOf } from "../device-option.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { parseStrictly, type StrictArgs, wholeNumber } from "../strict-args.ts";
import { createTextStream } from "./text-stream.ts";

const ARGS = {
	dir: { type: "positional", description: "A Hugging Face folder; with a LoRA adapter in it, the adapted model" },
	prompt: { type: "string", valueHint: "text", required: true, description: "What the model is asked" },
	chat: { type: "boolean", description: "Put the prompt through the model's chat template, if it has one (default)" },
	raw: { type: "boolean", description: "Give the prompt as it is" },
	greedy: { type: "boolean", description: "Take the likeliest token every time" },
	n: { type: "string", valueHint: "n", description: "Responses to draw (default: 1)" },
	seed: { type: "string", valueHint: "n", description: "Seed of the draws (default: 0)" },
	"max-tokens": { type: "string", valueHint: "n", description: "Longest response in tokens (default: 256)" },
	temperature: { type: "string", valueHint: "t", description: "Softmax temperature (default: 1)" },
	"top-p": { type: "string", valueHint: "p", description: "Nucleus mass in (0, 1] (default: 1)" },
	device: DEVICE_ARG,
	int8: { type: "boolean", description: "Round the model's matrices to 8 bits: faster and smaller, not exact" },
	json: { type: "boolean", description: "Print every response as JSON, one a line" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

const DEFAULT_MAX_TOKENS = 256;

export const generateCommand = defineCommand({
	meta: { name: "generate", description: "Draw responses to a prompt; a single one is printed as it comes" },
	args: ARGS,
	run: ({ rawArgs }) => runGenerate(rawArgs, (text) => process.stdout.write(text)),
});

/**
 * `dno model generate`.
 *
 * @param print takes the responses
 * @returns The exit code.
 * @throws {DnoError} The arguments make no sense, or the folder holds no model that the engine runs.
 */
export async function runGenerate(rawArgs: readonly string[], print: (text: string) => void): Promise<number> {
	const args = parseStrictly("dno model generate", rawArgs, ARGS);
	const { device } = await deviceOf(args);
	const { dir, prompt, count, seed, settings, weights, isRaw, isJson } = readArgs(args);
	const { maxPositions } = readModelConfig(dir);
	const { tokenizer, encodePrompt } = openPromptFormat(dir, isRaw ? "raw" : "chat");
	const promptTokens = encodePrompt(prompt);
	const room = maxPositions - promptTokens.length;
	// The default gives way to a short context; a number that was asked for is refused where it does not fit.
	const maxTokens = wholeNumber(args, "max-tokens", 1) ?? Math.max(1, Math.min(DEFAULT_MAX_TOKENS, room));
	const seeds = Array.from({ length: count }, (_, k) => hashSeed(seed, "generate", k));
	const stream = createTextStream(tokenizer, print);
	const interrupt = listenForInterrupt(() => {});
	const { signal } = interrupt;
	try {
		const sampler = await createOnnxEngine({ device }).openSampler(dir, weights);
		const onToken = count === 1 && !isJson ? (_: unknown, token: number) => stream.push(token) : undefined;
		try {
			const [responses] = await sampler.sample(
				[{ promptTokens, seeds }],
				{ ...settings, maxTokens },
				{
					signal,
					...(onToken && { onToken }),
				},
			);
			responses!.forEach((response, index) => {
				const { tokens, finishReason, logProbability, tokenLogProbabilities } = response;
				const text = tokenizer.decode(tokens);
				if (isJson) {
					const scores = { logProbability, logProbabilities: tokenLogProbabilities };
					print(`${JSON.stringify({ index, seed: seeds[index], text, tokens, finishReason, ...scores })}\n`);
				} else if (onToken === undefined) print(`--- ${index + 1} of ${count}\n${text}\n`);
			});
			if (onToken !== undefined) stream.end();
		} finally {
			await sampler.dispose();
		}
		return 0;
	} catch (error) {
		if (!signal.aborted) throw error;
		if (count === 1 && !isJson) stream.end();
		return interrupt.exitCode();
	} finally {
		interrupt.dispose();
	}
}

function readArgs(args: StrictArgs) {
	const { options, positionals } = args;
	const usage = (what: string, mend: string) =>
		new DnoError({ what, where: "dno model generate", mend, kind: "usage" });
	const prompt = options.get("prompt")?.[0];
	if (prompt === undefined) throw usage("--prompt is missing", "Say what the model is asked");
	if (options.has("chat") && options.has("raw"))
		throw usage("--chat and --raw contradict each other", "Give one of them");
	if (options.has("greedy") && options.has("temperature"))
		throw usage("--greedy and --temperature contradict each other", "Give one of them");
	return {
		dir: resolve(positionals[0]!),
		prompt,
		count: wholeNumber(args, "n", 1) ?? 1,
		seed: wholeNumber(args, "seed", 0) ?? 0,
		settings: {
			temperature: options.has("greedy") ? 0 : (decimal(args, "temperature") ?? 1),
			topP: decimal(args, "top-p") ?? 1,
		},
		weights: options.has("int8") ? ("int8" as const) : ("float32" as const),
		isRaw: options.has("raw"),
		isJson: options.has("json"),
	};
}

function decimal(args: StrictArgs, name: string): number | undefined {
	const text = args.options.get(name)?.[0];
	if (text === undefined) return undefined;
	const value = Number(text);
	if (Number.isFinite(value) && text.trim() !== "") return value;
	throw new DnoError({ what: `--${name} takes a number`, got: text, kind: "usage" });
}
