import { copyFile, link, mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { CheckpointStore } from "../activities/store/checkpoint-store.ts";
import type { LocalCheckpoint } from "./engine.ts";

/** A training's checkpoint on its way from one host to the next. */
export interface CarriedCheckpoint {
	/** Before training: takes the kept checkpoint where it got further than this host's own. */
	arrive(): Promise<void>;
	/** After a checkpoint was written: keeps it beside the training, which goes on. */
	written(): void;
	/** The training was broken off: whoever goes on finds all of it. */
	leave(): Promise<void>;
	/** The training has ended, and nobody goes on with it. */
	end(): Promise<void>;
}

/** A checkpoint may be as large as three models: keeping it takes at most one part in so many of a training's time. */
const TIME_SHARE = 10;

/**
 * @param local this host's checkpoint as it is now
 * @param onTrouble told why a checkpoint could not be kept, and how often it failed; training goes on, and the next one is tried
 */
export function carryCheckpoint(options: {
	readonly checkpoints: CheckpointStore;
	/** Key of the training step. */
	readonly step: string;
	readonly local: () => LocalCheckpoint;
	readonly onTrouble: (reason: string, failures: number) => void;
	/** Milliseconds of a clock that does not jump. */
	readonly now?: () => number;
}): CarriedCheckpoint {
	const { checkpoints, step, local, onTrouble, now = () => performance.now() } = options;
	let keeping: Promise<void> | undefined;
	let failures = 0;
	let quietUntil = Number.NEGATIVE_INFINITY;

	const fail = (error: unknown) => onTrouble(error instanceof Error ? error.message : String(error), ++failures);
	/** Of a name of its own, since the next checkpoint takes the place of this one. */
	const keep = async ({ file, steps }: LocalCheckpoint): Promise<void> => {
		const begun = now();
		const copy = `${file}.keep`;
		try {
			await rm(copy, { force: true });
			await link(file, copy).catch(() => copyFile(file, copy));
			await checkpoints.keep(step, copy, steps);
		} catch (error) {
			fail(error);
		} finally {
			await rm(copy, { force: true });
			quietUntil = now() + TIME_SHARE * (now() - begun);
		}
	};
	return {
		async arrive() {
			const { file, steps } = local();
			const kept = await checkpoints.find(step);
			if (kept === undefined || kept.steps <= steps) return;
			await mkdir(dirname(file), { recursive: true });
			await checkpoints.fetch(kept, file);
		},
		written() {
			if (keeping !== undefined || now() < quietUntil) return;
			keeping = keep(local()).finally(() => {
				keeping = undefined;
			});
		},
		async leave() {
			await keeping;
			const last = local();
			if (last.steps > 0) await keep(last);
		},
		async end() {
			await keeping;
			await checkpoints.forget(step).catch(fail);
		},
	};
}
