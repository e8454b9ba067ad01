/** A seeded stream of pseudo-random numbers (splitmix32): the same bytes on every platform. */
export class Prng {
	private state: number;

	constructor(seed: number) {
		this.state = seed >>> 0;
	}

	/** Uniform in [0, 1). */
	next(): number {
		this.state = (this.state + 0x9e3779b9) >>> 0;
		return mix(this.state) / 0x1_0000_0000;
	}

	/** Uniform integer in [low, high]. */
	integer(low: number, high: number): number {
		return low + Math.floor(this.next() * (high - low + 1));
	}

	chance(probability: number): boolean {
		return this.next() < probability;
	}

	pick<T>(items: readonly T[]): T {
		return items[this.integer(0, items.length - 1)] as T;
	}
}

/** A 32-bit hash of a text, used to seed streams and to assign problems to splits (FNV-1a, then mixed). */
export function hash(text: string): number {
	let value = 0x811c9dc5;
	for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
	return mix(value >>> 0);
}

function mix(value: number): number {
	let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
	mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
	return (mixed ^ (mixed >>> 15)) >>> 0;
}
