/** How far a stage has got. */
interface Position {
	readonly done: number;
	readonly total: number;
	/** Tokens so far, where the stage counts them. */
	readonly tokens?: number | undefined;
}

/** How a stage gets on, for its rate and its ETA. */
export interface Pace {
	/** Items a second since the stage was first heard of; undefined before it moves. */
	readonly rate?: number;
	readonly tokensPerSecond?: number;
	readonly etaSeconds?: number;
}

/** Measures stages from when each is first heard of: one that goes on after a restart does not begin at nothing. */
export class PaceMeter {
	readonly #starts = new Map<string, { readonly at: number; readonly done: number; readonly tokens: number }>();

	/** @param at Seconds on any clock that does not go back. */
	measure(stage: string, { done, total, tokens = 0 }: Position, at: number): Pace {
		const start = this.#starts.get(stage);
		// Fewer tokens: another call works on the stage.
		if (start === undefined || done < start.done || tokens < start.tokens) {
			this.#starts.set(stage, { at, done, tokens });
			return {};
		}
		const seconds = at - start.at;
		if (done <= start.done || seconds <= 0) return {};
		const rate = (done - start.done) / seconds;
		const tokensPerSecond = (tokens - start.tokens) / seconds;
		return { rate, etaSeconds: (total - done) / rate, ...(tokensPerSecond > 0 && { tokensPerSecond }) };
	}

	forget(stage: string): void {
		this.#starts.delete(stage);
	}
}
