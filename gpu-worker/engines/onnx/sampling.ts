import type { Random } from "../../../core/random.ts";
import type { SamplingSettings } from "../../engine.ts";

/** Index of the largest number; the first of equal ones. */
export function argmax(numbers: Float32Array): number {
	let best = 0;
	for (let i = 1; i < numbers.length; i++) if (numbers[i]! > numbers[best]!) best = i;
	return best;
}

/** Which tokens may be drawn. */
export type Truncation = Pick<SamplingSettings, "topP" | "topK" | "minP">;

/**
 * Draws an index by its weight, from the likeliest `topK`, then of these from the smallest set whose mass reaches `topP`
 * (nucleus sampling, Holtzman et al., arXiv 1904.09751), then of these from those with at least `minP` times the largest
 * weight (Nguyen et al., arXiv 2407.01082); the order of transformers. Takes one number from `random`.
 *
 * @param weights probabilities up to a factor
 */
export function draw(weights: Float32Array, truncation: Truncation, random: Random): number {
	const { topP, topK = 0, minP = 0 } = truncation;
	let total = 0;
	for (let i = 0; i < weights.length; i++) total += weights[i]!;
	if (topP >= 1 && topK === 0 && minP === 0) return drawAll(weights, random() * total);
	const kept = truncate(weights, total, topP, topK, minP);
	let left = random() * kept.reduce((sum, i) => sum + weights[i]!, 0);
	for (const i of kept) {
		left -= weights[i]!;
		if (left < 0) return i;
	}
	return kept.at(-1)!;
}

function drawAll(weights: Float32Array, mass: number): number {
	let left = mass;
	let last = 0;
	for (let i = 0; i < weights.length; i++) {
		const weight = weights[i]!;
		if (weight <= 0) continue;
		left -= weight;
		last = i;
		if (left < 0) break;
	}
	return last;
}

/** The indices that may be drawn, the likeliest first. */
function truncate(weights: Float32Array, total: number, topP: number, topK: number, minP: number): number[] {
	const largest = weights[argmax(weights)]!;
	// Few tokens hold nearly all mass: only those above a threshold are sorted, which is lowered until they suffice.
	for (let threshold = largest / 16; ; threshold /= 16) {
		const isLast = threshold < largest * 1e-9;
		const found: number[] = [];
		let mass = 0;
		for (let i = 0; i < weights.length; i++) {
			if (isLast ? weights[i]! <= 0 : weights[i]! < threshold) continue;
			found.push(i);
			mass += weights[i]!;
		}
		const isEnough = topK > 0 ? found.length >= topK : topP < 1 ? mass >= topP * total : threshold <= minP * largest;
		if (!isEnough && !isLast) continue;
		found.sort((a, b) => weights[b]! - weights[a]! || a - b);
		if (topK > 0) found.length = Math.min(topK, found.length);
		if (topP < 1) found.length = nucleusSize(weights, found, topP * (topK > 0 ? sum(weights, found) : total));
		const tail = minP > 0 ? found.findIndex((i) => weights[i]! < minP * largest) : -1;
		return tail === -1 ? found : found.slice(0, Math.max(1, tail));
	}
}

function sum(weights: Float32Array, indices: readonly number[]): number {
	return indices.reduce((mass, i) => mass + weights[i]!, 0);
}

function nucleusSize(weights: Float32Array, sorted: readonly number[], wanted: number): number {
	let mass = 0;
	for (let count = 0; count < sorted.length; count++) {
		mass += weights[sorted[count]!]!;
		if (mass >= wanted) return count + 1;
	}
	return sorted.length;
}
