import { setTimeout as sleep } from "node:timers/promises";

export interface Starting<T> {
	readonly start: () => Promise<T>;
	/** Between two tries. */
	readonly pauseMs: number;
	readonly isOver: () => boolean;
	/** Told of the first failure: the others are most likely the same, once a second. */
	readonly onTrouble: (error: Error) => void;
}

/** Tries to start something until that succeeds; undefined where it is over before. */
export async function startAgain<T>({ start, pauseMs, isOver, onTrouble }: Starting<T>): Promise<T | undefined> {
	for (let failures = 0; !isOver(); failures++) {
		try {
			return await start();
		} catch (error) {
			if (failures === 0) onTrouble(error as Error);
		}
		await sleep(pauseMs);
	}
	return undefined;
}
