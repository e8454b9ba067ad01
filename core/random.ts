/** A stream of uniform numbers in [0, 1) with 32 random bits each. */
export type Random = () => number;

/**
 * A 53-bit seed for a named purpose, derived from its parts: `hashSeed(campaignSeed, "sample", iteration, prompt)`.
 * Parts are told apart by type and place (`1` is not `"1"`, `"a", "b"` is not `"ab"`). Hash: cyrb53 (bryc, public domain).
 */
export function hashSeed(...parts: readonly (string | number)[]): number {
	const text = JSON.stringify(parts);
	let high = 0xdeadbeef;
	let low = 0x41c6ce57;
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		high = Math.imul(high ^ code, 2654435761);
		low = Math.imul(low ^ code, 1597334677);
	}
	high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
	low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
	return 4294967296 * (2097151 & low) + (high >>> 0);
}

/**
 * xoshiro128** (Blackman & Vigna, 2018), its state filled by splitmix32 from both halves of the seed.
 *
 * @param seed a safe integer
 */
export function createRandom(seed: number): Random {
	const fill = splitmix32((seed >>> 0) ^ Math.imul(Math.floor(seed / 4294967296), 0x9e3779b1));
	let [a, b, c, d] = [fill(), fill(), fill(), fill()];
	return () => {
		const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
		const shifted = b << 9;
		c ^= a;
		d ^= b;
		b ^= c;
		a ^= d;
		c ^= shifted;
		d = rotate(d, 11);
		return result / 4294967296;
	};
}

/** Standard normal numbers by the Box–Muller transform. */
export function createNormal(random: Random): () => number {
	let spare: number | undefined;
	return () => {
		if (spare !== undefined) {
			const value = spare;
			spare = undefined;
			return value;
		}
		const radius = Math.sqrt(-2 * Math.log(1 - random()));
		const angle = 2 * Math.PI * random();
		spare = radius * Math.sin(angle);
		return radius * Math.cos(angle);
	};
}

/** A new array with the same items in random order (Fisher–Yates). */
export function shuffle<T>(items: readonly T[], random: Random): T[] {
	const result = [...items];
	for (let i = result.length - 1; i > 0; i--) {
		const j = Math.floor(random() * (i + 1));
		[result[i], result[j]] = [result[j]!, result[i]!];
	}
	return result;
}

function splitmix32(seed: number): () => number {
	let state = seed | 0;
	return () => {
		state = (state + 0x9e3779b9) | 0;
		let z = state ^ (state >>> 16);
		z = Math.imul(z, 0x21f0aaad);
		z ^= z >>> 15;
		z = Math.imul(z, 0x735a2d97);
		return z ^ (z >>> 15);
	};
}

function rotate(value: number, bits: number): number {
	return (value << bits) | (value >>> (32 - bits));
}
