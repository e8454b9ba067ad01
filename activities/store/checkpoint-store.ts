import { z } from "zod";
import { hashOf } from "./hash-file.ts";
import { storeNames } from "./layout.ts";
import { type StoreFiles, WrongHash } from "./store-files.ts";

const kept = z.strictObject({ sha256: z.string(), steps: z.int().nonnegative() });
/** A training step's checkpoint, and how many optimizer steps are in it. */
type KeptCheckpoint = z.infer<typeof kept>;

/**
 * Checkpoints that another machine may have to go on from, one a training step. Losing one costs time and nothing else: a
 * training that begins anew ends with the same bits.
 */
export interface CheckpointStore {
	/** Keeps the file in place of an earlier checkpoint; one that got further stays. */
	keep(step: string, file: string, steps: number): Promise<void>;
	find(step: string): Promise<KeptCheckpoint | undefined>;
	/** @returns false where it is gone or damaged */
	fetch(checkpoint: KeptCheckpoint, path: string): Promise<boolean>;
	forget(step: string): Promise<void>;
}

/** @param files a place of their own, so that what is collected and checked in a store does not meet what is in the making */
export function createCheckpointStore(files: StoreFiles): CheckpointStore {
	const recordOf = (step: string) => `${step}.json`;
	const find: CheckpointStore["find"] = async (step) => {
		const bytes = await files.read(recordOf(step));
		if (bytes === undefined) return undefined;
		try {
			return kept.parse(JSON.parse(new TextDecoder().decode(bytes)));
		} catch {
			return undefined;
		}
	};
	const removeObject = ({ sha256 }: KeptCheckpoint) => files.remove(storeNames.object(sha256));
	return {
		find,
		async keep(step, file, steps) {
			const before = await find(step);
			if (before !== undefined && before.steps >= steps) return;
			const sha256 = await hashOf(file);
			await files.keepObject(sha256, { file });
			await files.write(recordOf(step), JSON.stringify({ sha256, steps } satisfies KeptCheckpoint));
			if (before !== undefined && before.sha256 !== sha256) await removeObject(before);
		},
		fetch: ({ sha256 }, path) =>
			files.copyObject(sha256, path).catch((error: unknown) => {
				if (error instanceof WrongHash) return false;
				throw error;
			}),
		async forget(step) {
			const before = await find(step);
			if (before === undefined) return;
			await files.remove(recordOf(step));
			await removeObject(before);
		},
	};
}
