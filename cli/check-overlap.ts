import { promptKey } from "../activities/datasets/read-prompts.ts";
import { DnoError } from "../core/errors.ts";
import type { Prompt } from "../core/records.ts";

/** A prompts file that was read. */
export interface PromptFile {
	/** The config key that names it. */
	readonly key: string;
	readonly file: string;
	readonly prompts: readonly Prompt[];
}

/**
 * Checks that no prompt is in two files, by its id or by its text.
 *
 * @throws {DnoError} Naming the first pair of lines and how many there are.
 */
export function checkOverlap(files: readonly PromptFile[]): void {
	for (const [index, first] of files.entries()) for (const second of files.slice(index + 1)) compare(first, second);
}

function compare(first: PromptFile, second: PromptFile): void {
	const texts = new Map(first.prompts.map(({ prompt }, index) => [promptKey(prompt), index + 1]));
	const ids = new Map(first.prompts.map(({ id }, index) => [id, index + 1]));
	const shared = second.prompts.flatMap(({ id, prompt }, index) => {
		const text = texts.get(promptKey(prompt));
		const line = text ?? ids.get(id);
		return line === undefined
			? []
			: [{ line, other: index + 1, got: text === undefined ? id : prompt, isText: text !== undefined }];
	});
	const [worst] = shared;
	if (worst === undefined) return;
	const what = `the same ${worst.isText ? "prompt" : "id"} as ${first.file}:${worst.line}`;
	const count = shared.length === 1 ? "1 prompt is" : `${shared.length} prompts are`;
	throw new DnoError({
		what: `${what}; ${count} in both ${first.key} and ${second.key}`,
		where: `${second.file}:${worst.other}`,
		got: worst.got,
		mend: "Take them out of one file: what is measured must not be trained on or chosen by",
	});
}
