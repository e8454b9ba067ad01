import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { z } from "zod";
import { mendPath } from "../../activities/datasets/near-names.ts";
import { DnoError } from "../../core/errors.ts";
import type { SequenceRow } from "../../gpu-worker/engines/onnx/batch.ts";
import { openScorer } from "../../gpu-worker/engines/onnx/scorer.ts";
import { readMergedModel } from "../../gpu-worker/model/folder.ts";
import { openPromptFormat } from "../../gpu-worker/prompt-format.ts";
import { DEVICE_ARG, deviceOf } from "../device-option.ts";
import { parseStrictly } from "../strict-args.ts";

const ARGS = {
	dir: { type: "positional", description: "A Hugging Face folder; with a LoRA adapter in it, the adapted model" },
	in: { type: "string", valueHint: "file", required: true, description: "Lines {prompt, response} as JSON" },
	raw: { type: "boolean", description: "Give prompts as they are, not through the chat template" },
	device: DEVICE_ARG,
	json: { type: "boolean", description: "Print {logProbabilities: […]} a line, one number a response token" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

const lineSchema = z.strictObject({ prompt: z.string(), response: z.string() });
const EXAMPLE = '{"prompt": "…", "response": "…"}';
/** Lines that are scored before the first of them is printed. */
const LINES_AT_ONCE = 64;

export const scoreCommand = defineCommand({
	meta: { name: "score", description: "Print the log-probability of every token of given responses" },
	args: ARGS,
	run: ({ rawArgs }) => runScore(rawArgs, (text) => process.stdout.write(text)),
});

/**
 * `dno model score`: log π(token | prompt, tokens before) in nats, at temperature 1, of the tokens of a response's text; the
 * token that would end the response is not among them.
 *
 * @param print takes the lines
 * @returns The exit code.
 * @throws {DnoError} Naming file and line: a line is no {prompt, response}, or does not fit the model's context.
 */
export async function runScore(rawArgs: readonly string[], print: (text: string) => void): Promise<number> {
	const args = parseStrictly("dno model score", rawArgs, ARGS);
	const dir = resolve(args.positionals[0]!);
	const file = args.options.get("in")?.[0];
	if (file === undefined) {
		throw new DnoError({ what: "--in is missing", where: "dno model score", mend: "Name a file", kind: "usage" });
	}
	const { device } = await deviceOf(args);
	const { encodePrompt, tokenizer } = openPromptFormat(dir, args.options.has("raw") ? "raw" : "chat");
	const model = readMergedModel(dir);
	const rows = (await readLines(file)).map(({ prompt, response }, index): SequenceRow => {
		const where = `${file}:${index + 1}`;
		const row = { prompt: encodePrompt(prompt), responses: [tokenizer.encode(response)] };
		const length = row.prompt.length + row.responses[0]!.length;
		if (row.prompt.length === 0) throw new DnoError({ what: "the prompt has no tokens", where, got: prompt });
		if (length <= model.config.maxPositions) return row;
		const what = `prompt and response do not fit the model's ${model.config.maxPositions} positions`;
		throw new DnoError({ what, where, got: length, mend: "Shorten the line" });
	});
	const scorer = await openScorer(model, { threads: availableParallelism(), device });
	try {
		for (let at = 0; at < rows.length; at += LINES_AT_ONCE) {
			const part = rows.slice(at, at + LINES_AT_ONCE);
			// A response without tokens has no scores, and nothing for the graph to predict.
			const scored = await scorer.scoreTokens(part.filter(({ responses }) => responses[0]!.length > 0));
			for (const { responses } of part) {
				const logProbabilities = responses[0]!.length > 0 ? [...scored.shift()![0]!] : [];
				print(
					args.options.has("json") ? `${JSON.stringify({ logProbabilities })}\n` : `${summary(logProbabilities)}\n`,
				);
			}
		}
	} finally {
		await scorer.dispose();
	}
	return 0;
}

function summary(logProbabilities: readonly number[]): string {
	const sum = logProbabilities.reduce((a, b) => a + b, 0);
	const mean = logProbabilities.length === 0 ? "" : `, ${(sum / logProbabilities.length).toFixed(4)} a token`;
	return `${sum.toFixed(4)} for ${logProbabilities.length} tokens${mean}`;
}

async function readLines(file: string): Promise<z.infer<typeof lineSchema>[]> {
	const text = await readFile(file, "utf8").catch(async (cause) => {
		const mend = await mendPath(resolve(file));
		throw new DnoError({ what: "the file cannot be read", where: file, got: cause.code, mend, kind: "usage", cause });
	});
	const lines = text.replace(/^\uFEFF/, "").split("\n");
	if (lines.at(-1)?.trim() === "") lines.pop();
	return lines.map((line, index) => {
		const where = `${file}:${index + 1}`;
		let json: unknown;
		try {
			json = JSON.parse(line);
		} catch (cause) {
			throw new DnoError({
				what: "the line is not JSON",
				where,
				got: line.slice(0, 40),
				mend: `Write ${EXAMPLE}`,
				cause,
			});
		}
		const parsed = lineSchema.safeParse(json);
		if (parsed.success) return parsed.data;
		throw new DnoError({ what: "the line is no {prompt, response}", where, got: json, mend: `Write ${EXAMPLE}` });
	});
}
