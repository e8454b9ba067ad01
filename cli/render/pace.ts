/** How a stage gets on, for its rate and its ETA. */
export interface Pace {
	/** Items a second since the stage was first heard of; undefined before it moves. */
	readonly rate?: number;
	readonly etaSeconds?: number;
}

/** Measures stages from when each is first heard of: one that goes on after a restart does not begin at nothing. */
export class PaceMeter {
	readonly #starts = new Map<string, { readonly at: number; readonly done: number }>();

	/** @param at Seconds on any clock that does not go back. */
	measure(stage: string, done: number, total: number, at: number): Pace {
		const start = this.#starts.get(stage);
		if (start === undefined || done < start.done) {
			this.#starts.set(stage, { at, done });
			return {};
		}
		const seconds = at - start.at;
		if (done <= start.done || seconds <= 0) return {};
		const rate = (done - start.done) / seconds;
		return { rate, etaSeconds: (total - done) / rate };
	}

	forget(stage: string): void {
		this.#starts.delete(stage);
	}
}
