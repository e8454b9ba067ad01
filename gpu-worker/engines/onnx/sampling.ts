import type { Random } from "../../../core/random.ts";

/** Which tokens may be drawn; names as in transformers' GenerationConfig. */
export interface Truncation {
	/** Nucleus mass in (0, 1] (Holtzman et al., arXiv 1904.09751); 1 keeps all. */
	readonly topP: number;
	/** Only so many of the most likely tokens. */
	readonly topK?: number | undefined;
	/** Only tokens at least so likely, as a share of the most likely one (Nguyen et al., arXiv 2407.01082). */
	readonly minP?: number | undefined;
}

/** Index of the largest of `size` numbers from `offset` on; the first of equal ones. */
export function argmax(numbers: Float32Array, offset: number, size: number): number {
	let best = 0;
	for (let i = 1; i < size; i++) if (numbers[offset + i]! > numbers[offset + best]!) best = i;
	return best;
}

/**
 * Draws an index from the probabilities in `numbers[offset, offset + size)`, restricted to the most likely ones as
 * `truncation` says: first `topK`, of these the smallest set whose mass reaches `topP`, of these those above `minP`. Takes
 * one number from `random`.
 */
export function draw(
	numbers: Float32Array,
	offset: number,
	size: number,
	truncation: Truncation,
	random: Random,
): number {
	const { topP, topK = size, minP = 0 } = truncation;
	const isWhole = topP >= 1 && topK >= size && minP <= 0;
	return isWhole
		? drawAll(numbers, offset, size, random)
		: drawTruncated(numbers, offset, size, { topP, topK, minP }, random);
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

function drawTruncated(
	numbers: Float32Array,
	offset: number,
	size: number,
	truncation: Required<Truncation>,
	random: Random,
): number {
	const candidates = mostLikely(numbers, offset, size, truncation as { topP: number; topK: number; minP: number });
	const kept = candidates.slice(0, truncation.topK);
	const probability = (i: number) => numbers[offset + i]!;
	const total = kept.length < candidates.length ? kept.reduce((sum, i) => sum + probability(i), 0) : 1;
	const least = truncation.minP! * probability(kept[0]!);
	let mass = 0;
	let count = 0;
	for (const i of kept) {
		if (count > 0 && (mass >= truncation.topP * total || probability(i) < least)) break;
		mass += probability(i);
		count += 1;
	}
	let left = random() * mass;
	for (let rank = 0; rank < count; rank++) {
		left -= probability(kept[rank]!);
		if (left < 0) return kept[rank]!;
	}
	return kept[count - 1]!;
}

/** Where the search for the most likely tokens begins, and by how much it goes down. */
const FIRST_THRESHOLD = 1e-3;
const THRESHOLD_STEP = 1 / 16;
const LEAST_THRESHOLD = 1e-9;

/**
 * Indices in descending order of probability, at least as many as `truncation` keeps. Sorting a whole vocabulary for every
 * token would take longer than the model does.
 */
function mostLikely(
	numbers: Float32Array,
	offset: number,
	size: number,
	{ topP, topK, minP }: { readonly topP: number; readonly topK: number; readonly minP: number },
): number[] {
	const least = minP > 0 ? minP * numbers[offset + argmax(numbers, offset, size)]! : 0;
	let found: number[] = [];
	for (let threshold = FIRST_THRESHOLD; ; threshold *= THRESHOLD_STEP) {
		const bound = threshold < LEAST_THRESHOLD ? 0 : Math.max(threshold, least);
		found = [];
		let mass = 0;
		for (let i = 0; i < size; i++) {
			const p = numbers[offset + i]!;
			if (p <= 0 || p < bound) continue;
			found.push(i);
			mass += p;
		}
		const isEnough = (topK < size && found.length >= topK) || (topP < 1 && mass > topP) || bound === least;
		if ((isEnough && found.length > 0) || bound === 0) break;
	}
	return found.sort((a, b) => numbers[offset + b]! - numbers[offset + a]! || a - b);
}

/**
 * Probabilities at `temperature` of raw scores `numbers[offset, offset + size)` in which tokens that occurred are made less
 * likely: a positive score is divided by `penalty`, a negative one multiplied (Keskar et al., arXiv 1909.05858).
 */
export function penalise(
	numbers: Float32Array,
	offset: number,
	size: number,
	occurred: Iterable<number>,
	{ penalty, temperature }: { readonly penalty: number; readonly temperature: number },
): Float32Array {
	const scores = numbers.slice(offset, offset + size);
	for (const token of new Set(occurred)) scores[token]! *= scores[token]! > 0 ? 1 / penalty : penalty;
	const most = scores[argmax(scores, 0, size)]!;
	let total = 0;
	for (let i = 0; i < size; i++) {
		scores[i] = Math.exp((scores[i]! - most) / (temperature || 1));
		total += scores[i]!;
	}
	for (let i = 0; i < size; i++) scores[i]! /= total;
	return scores;
}
