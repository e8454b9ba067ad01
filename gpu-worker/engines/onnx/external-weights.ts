import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DnoError } from "../../../core/errors.ts";
import { systemError } from "../../../core/system-errors.ts";
import { writeArray } from "../../formats/large-arrays.ts";
import type { ExternalTensors } from "../../graph/encode.ts";

const FILE = "weights.bin";
/** The start of a tensor, so that onnxruntime can map it: its page size. */
const ALIGNMENT = 4096;

/** Weights in a file of their own, as an ONNX model refers to them. */
export interface ExternalWeights {
	/** Where the model has to lie. */
	readonly folder: string;
	readonly tensors: ExternalTensors;
	/** Removes the folder. */
	remove(): Promise<void>;
}

/**
 * Writes weights one by one to a temporary file. A session that is made from it has them as constants, which onnxruntime
 * lays out for its kernels once, instead of at every run; of the weights as they come, one at a time is in memory.
 *
 * @throws DnoError naming the temporary folder where it is full or cannot be written to
 */
export async function writeExternalWeights(
	weights: Iterable<readonly [string, ArrayBufferView]>,
): Promise<ExternalWeights> {
	const folder = await mkdtemp(join(tmpdir(), "dno-weights-")).catch((error) => {
		throw temporaryError(error);
	});
	const remove = () => rm(folder, { recursive: true, force: true });
	try {
		const tensors = new Map<string, { offset: number; length: number }>();
		await using file = await open(join(folder, FILE), "wx");
		let position = 0;
		for (const [name, array] of weights) {
			await writeArray(file, array, position);
			tensors.set(name, { offset: position, length: array.byteLength });
			position = Math.ceil((position + array.byteLength) / ALIGNMENT) * ALIGNMENT;
		}
		return { folder, tensors: { file: FILE, tensors }, remove };
	} catch (error) {
		await remove();
		throw temporaryError(error);
	}
}

/** What keeps a model from being written to the temporary folder, with how to mend it; any other error as it is. */
export function temporaryError(error: unknown): unknown {
	const known = error instanceof DnoError ? undefined : systemError(error, tmpdir());
	if (known === undefined) return error;
	const mend = "To load a model, its weights are written there in float32: make room, or set TMPDIR to another folder";
	return new DnoError({ ...known.details, mend });
}
