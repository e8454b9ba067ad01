import { z } from "zod";
import { hashJson } from "./hash-json.ts";

/** What is kept of a finished step. */
export interface StepRecord {
	readonly name: string;
	readonly inputs: unknown;
	readonly result: unknown;
	/** The campaign whose workflow ran it; absent where no workflow did. */
	readonly campaign?: string | undefined;
}

const schema = z.strictObject({
	name: z.string(),
	inputs: z.json(),
	result: z.json(),
	campaign: z.string().optional(),
	/** Of the other keys; absent in records of versions before it. */
	sha256: z.string().optional(),
});

/** The text of a step's file. */
export function writeStepRecord({ name, inputs, result, campaign }: StepRecord): string {
	// As JSON has it: what is undefined is left out before it is hashed.
	const record = JSON.parse(JSON.stringify({ name, inputs, result, campaign })) as object;
	return `${JSON.stringify({ ...record, sha256: hashJson(record) }, undefined, "\t")}\n`;
}

/** @returns undefined where the text is no record, or not the one that was written */
export function readStepRecord(text: string): StepRecord | undefined {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	const parsed = schema.safeParse(value);
	if (!parsed.success) return undefined;
	const { sha256, ...record } = parsed.data;
	return sha256 === undefined || sha256 === hashJson(record) ? record : undefined;
}
