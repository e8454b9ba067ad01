import { createHash } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { DnoError } from "../../../core/errors.ts";
import type { LocalCheckpoint, TrainingStep } from "../../engine.ts";
import { updateHash } from "../../formats/large-arrays.ts";
import {
	readSafetensors,
	SafetensorsReader,
	type Tensor,
	type TensorFile,
	writeSafetensors,
} from "../../formats/safetensors.ts";
import type { WeightArrays } from "../../model/folder.ts";
import type { ParameterSpec } from "../../model/parameters.ts";
import type { Moments } from "./adamw.ts";

/** Everything that training needs to go on as if it had not stopped. */
export interface TrainingState {
	readonly weights: WeightArrays;
	readonly moments: Moments;
	readonly steps: readonly TrainingStep[];
	readonly tokens: number;
}

const FILE = "checkpoint.safetensors";
const stateSchema = z.object({
	steps: z.array(z.custom<TrainingStep>((step) => typeof step === "object")),
	tokens: z.number(),
});

/** Writes the trained tensors, both moments and the steps so far as one safetensors file, whole or not at all. */
export async function writeCheckpoint(
	dir: string,
	specs: readonly ParameterSpec[],
	job: string,
	state: TrainingState,
): Promise<void> {
	const tensors = layout(specs).map(({ key, name, kind, shape }) => {
		const data = select(state, kind).get(name)!;
		return [key, { shape, data }] as const;
	});
	const told = { job, state: JSON.stringify({ steps: state.steps, tokens: state.tokens }) };
	await writeSafetensors(join(dir, FILE), tensors, { ...told, sha256: digest(tensors, told) });
}

/**
 * The checkpoint in a folder, or undefined where there is none. One that is damaged is renamed to `….damaged`, and training
 * starts anew: it ends with the same bits, later.
 *
 * @param job what {@link writeCheckpoint} was given
 * @throws DnoError naming the file if it was written by another job
 */
export function readCheckpoint(dir: string, specs: readonly ParameterSpec[], job: string): TrainingState | undefined {
	const where = join(dir, FILE);
	if (!existsSync(where)) return undefined;
	const found = readWhole(where, specs);
	if (found === undefined) {
		renameSync(where, `${where}.damaged`);
		return undefined;
	}
	if (found.job !== job) {
		const what = "the checkpoint belongs to another training job (other model, data, settings or threads)";
		throw new DnoError({ what, where, mend: "Remove it or give another checkpoint folder" });
	}
	return found.state;
}

/** The checkpoint of a folder, of which the header alone is read. */
export function checkpointIn(dir: string): LocalCheckpoint {
	const file = join(dir, FILE);
	if (!existsSync(file)) return { file, steps: 0 };
	try {
		using reader = new SafetensorsReader(file);
		return { file, steps: stateSchema.parse(JSON.parse(reader.header.metadata.state ?? "")).steps.length };
	} catch {
		return { file, steps: 0 };
	}
}

/** What the file says, undefined where it is not what was written. */
function readWhole(
	where: string,
	specs: readonly ParameterSpec[],
): { readonly job: string; readonly state: TrainingState | undefined } | undefined {
	let file: TensorFile;
	try {
		file = readSafetensors(where);
	} catch (error) {
		const isUnreadable = (error as { readonly cause?: NodeJS.ErrnoException }).cause?.syscall !== undefined;
		if (error instanceof DnoError && !isUnreadable) return undefined;
		throw error;
	}
	const { tensors, metadata } = file;
	const { job, state: text, sha256 } = metadata;
	if (job === undefined || text === undefined || digest(tensors, { job, state: text }) !== sha256) return undefined;
	const arrays = { weight: new Map(), first: new Map(), second: new Map() };
	for (const { key, name, kind, shape } of layout(specs)) {
		const tensor = tensors.get(key);
		// Whole, and of another model.
		if (tensor?.shape.join() !== shape.join()) return { job, state: undefined };
		arrays[kind].set(name, tensor!.data);
	}
	const state = stateSchema.parse(JSON.parse(text));
	return { job, state: { weights: arrays.weight, moments: { first: arrays.first, second: arrays.second }, ...state } };
}

function layout(specs: readonly ParameterSpec[]) {
	const kinds = ["weight", "first", "second"] as const;
	return kinds.flatMap((kind) => specs.map(({ name, shape }) => ({ key: `${kind}.${name}`, name, kind, shape })));
}

function select(state: TrainingState, kind: "weight" | "first" | "second"): WeightArrays {
	return kind === "weight" ? state.weights : state.moments[kind];
}

/** Of names, shapes and bytes of the tensors, and of what is said of them. */
function digest(
	tensors: Iterable<readonly [string, Tensor]>,
	{ job, state }: { readonly job: string; readonly state: string },
): string {
	const hash = createHash("sha256").update(JSON.stringify([job, state]));
	for (const [name, { shape, data }] of tensors) {
		hash.update(JSON.stringify([name, shape]));
		updateHash(hash, data);
	}
	return hash.digest("hex");
}
