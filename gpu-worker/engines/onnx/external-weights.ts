import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
 */
export async function writeExternalWeights(
	weights: Iterable<readonly [string, ArrayBufferView]>,
): Promise<ExternalWeights> {
	const folder = await mkdtemp(join(tmpdir(), "dno-weights-"));
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
		throw error;
	}
}
