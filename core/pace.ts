/** Milliseconds that a request of so many tokens has to wait, asked in order. */
export type Pace = (tokens: number, now: number) => number;

const MINUTE = 60_000;

/**
 * Spreads requests so that they take at most `tokensPerMinute`: each begins when the tokens of those before it have had
 * their time, so there are no bursts that a server's own window could see as more.
 */
export function createPace(tokensPerMinute = Number.POSITIVE_INFINITY): Pace {
	let free = 0;
	return (tokens, now) => {
		const start = Math.max(free, now);
		free = start + (tokens / tokensPerMinute) * MINUTE;
		return start - now;
	};
}
