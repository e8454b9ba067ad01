import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { DnoError } from "../../../core/errors.ts";
import type { TrainingStep } from "../../engine.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../formats/safetensors.ts";
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
	await writeSafetensors(join(dir, FILE), tensors, {
		job,
		sha256: digest(tensors),
		state: JSON.stringify({ steps: state.steps, tokens: state.tokens }),
	});
}

/**
 * The checkpoint in a folder, or undefined where there is none.
 *
 * @param job what {@link writeCheckpoint} was given
 * @throws DnoError naming the file if it is damaged or was written by another job
 */
export function readCheckpoint(dir: string, specs: readonly ParameterSpec[], job: string): TrainingState | undefined {
	const where = join(dir, FILE);
	if (!existsSync(where)) return undefined;
	const damaged = (got?: unknown) =>
		new DnoError({ what: "the checkpoint is damaged", where, got, mend: "Remove it; training then starts anew" });
	const { tensors, metadata } = readSafetensors(where);
	if (metadata.job !== job) {
		const what = "the checkpoint belongs to another training job (other model, data, settings or threads)";
		throw new DnoError({ what, where, mend: "Remove it or give another checkpoint folder" });
	}
	if (digest(tensors) !== metadata.sha256) throw damaged("a wrong sha256");
	const arrays = { weight: new Map(), first: new Map(), second: new Map() };
	for (const { key, name, kind, shape } of layout(specs)) {
		const tensor = tensors.get(key);
		if (tensor?.shape.join() !== shape.join()) throw damaged(`tensor ${key} of shape ${tensor?.shape}`);
		arrays[kind].set(name, tensor!.data);
	}
	const state = stateSchema.safeParse(JSON.parse(metadata.state ?? "null"));
	if (!state.success) throw damaged(metadata.state);
	return { weights: arrays.weight, moments: { first: arrays.first, second: arrays.second }, ...state.data };
}

function layout(specs: readonly ParameterSpec[]) {
	const kinds = ["weight", "first", "second"] as const;
	return kinds.flatMap((kind) => specs.map(({ name, shape }) => ({ key: `${kind}.${name}`, name, kind, shape })));
}

function select(state: TrainingState, kind: "weight" | "first" | "second"): WeightArrays {
	return kind === "weight" ? state.weights : state.moments[kind];
}

function digest(tensors: Iterable<readonly [string, Tensor]>): string {
	const hash = createHash("sha256");
	for (const [, { data }] of tensors) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
	return hash.digest("hex");
}
