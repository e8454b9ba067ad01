import type { Random } from "../../../core/random.ts";

/** Index of the largest of `size` numbers from `offset` on; the first of equal ones. */
export function argmax(numbers: Float32Array, offset: number, size: number): number {
	let best = 0;
	for (let i = 1; i < size; i++) if (numbers[offset + i]! > numbers[offset + best]!) best = i;
	return best;
}

/**
 * Draws an index from the probabilities in `numbers[offset, offset + size)`, restricted to the smallest set of the most
 * likely ones whose mass reaches `topP` (nucleus sampling, Holtzman et al., arXiv 1904.09751). Takes one number from `random`.
 */
export function draw(numbers: Float32Array, offset: number, size: number, topP: number, random: Random): number {
	return topP >= 1 ? drawAll(numbers, offset, size, random) : drawNucleus(numbers, offset, size, topP, random);
}

function drawAll(numbers: Float32Array, offset: number, size: number, random: Random): number {
	let total = 0;
	for (let i = 0; i < size; i++) total += numbers[offset + i]!;
	let left = random() * total;
	let last = 0;
	for (let i = 0; i < size; i++) {
		const p = numbers[offset + i]!;
		if (p <= 0) continue;
		left -= p;
		last = i;
		if (left < 0) break;
	}
	return last;
}

function drawNucleus(numbers: Float32Array, offset: number, size: number, topP: number, random: Random): number {
	const order = Array.from({ length: size }, (_, i) => i).filter((i) => numbers[offset + i]! > 0);
	order.sort((a, b) => numbers[offset + b]! - numbers[offset + a]! || a - b);
	let mass = 0;
	const nucleus: number[] = [];
	for (const i of order) {
		nucleus.push(i);
		mass += numbers[offset + i]!;
		if (mass >= topP) break;
	}
	let left = random() * mass;
	for (const i of nucleus) {
		left -= numbers[offset + i]!;
		if (left < 0) return i;
	}
	return nucleus.at(-1)!;
}
