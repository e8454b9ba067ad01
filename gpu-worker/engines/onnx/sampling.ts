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

/** Numbers that are added up before they are looked at: most of the vocabulary is passed over. */
const STRIDE = 64;

function drawAll(numbers: Float32Array, offset: number, size: number, random: Random): number {
	// A softmax adds up to 1 but for rounding, so that nobody has to add it up first; who gets past its end takes the last.
	let left = random();
	let from = 0;
	for (; from + STRIDE <= size; from += STRIDE) {
		let sum = 0;
		for (let i = offset + from; i < offset + from + STRIDE; i++) sum += numbers[i]!;
		if (left < sum) break;
		left -= sum;
	}
	for (let i = from; i < size; i++) {
		left -= numbers[offset + i]!;
		if (left < 0) return i;
	}
	let last = size - 1;
	while (last > 0 && numbers[offset + last]! <= 0) last--;
	return last;
}

function drawTruncated(
	numbers: Float32Array,
	offset: number,
	size: number,
	{ topP, topK, minP }: Required<Truncation>,
	random: Random,
): number {
	const probabilities = numbers.subarray(offset, offset + size);
	const bits = new Uint32Array(numbers.buffer, numbers.byteOffset + 4 * offset, size);
	const mostLikely = argmax(probabilities, 0, size);
	fillBuckets(probabilities, bits);
	let kept: Cut = { bucket: -1, partly: [], mass: 1 };
	if (topK! < size) kept = cut(probabilities, bits, (mass, count) => mass > 0 && count >= topK!);
	if (topP < 1) {
		const target = topP * kept.mass;
		kept = cut(probabilities, bits, (mass) => mass >= target);
	}
	const least = minP! * probabilities[mostLikely]!;
	const isIn = (i: number) => probabilities[i]! > 0 && probabilities[i]! >= least;
	const partly = kept.partly.filter(isIn);
	// Whatever lies in a higher bucket than this is kept.
	const above = (kept.bucket + 1) * BUCKET_WIDTH;
	let mass = partly.reduce((sum, i) => sum + probabilities[i]!, 0);
	for (let i = 0; i < size; i++) if (bits[i]! >= above && isIn(i)) mass += probabilities[i]!;
	let left = random() * mass;
	for (const i of partly) {
		left -= probabilities[i]!;
		if (left < 0) return i;
	}
	let last = partly.at(-1) ?? mostLikely;
	for (let i = 0; i < size && left >= 0; i++) {
		if (bits[i]! < above || !isIn(i)) continue;
		left -= probabilities[i]!;
		last = i;
	}
	return last;
}

/** A set of the most likely tokens: all in higher buckets than `bucket`, and of that one those in `partly`. */
interface Cut {
	readonly bucket: number;
	readonly partly: readonly number[];
	readonly mass: number;
}

/*
 * Floats that are not negative are in the order of their bits, so the upper half of the bits sorts probabilities into
 * buckets in one pass. Only the bucket at the edge of the set is put in order: sorting a whole vocabulary for every token
 * would take longer than the model does.
 */
const BUCKET_WIDTH = 0x10000;
/** Probabilities are below 2, whose bits are 0x40000000. */
const BUCKETS = 0x4000;
const bucketMass = new Float64Array(BUCKETS);
const bucketCount = new Uint32Array(BUCKETS);

function fillBuckets(probabilities: Float32Array, bits: Uint32Array): void {
	bucketMass.fill(0);
	bucketCount.fill(0);
	for (let i = 0; i < bits.length; i++) {
		const bucket = bits[i]! >>> 16;
		bucketMass[bucket]! += probabilities[i]!;
		bucketCount[bucket]! += 1;
	}
}

/** The smallest set of the most likely tokens that is enough; of equally likely ones the first. */
function cut(probabilities: Float32Array, bits: Uint32Array, isEnough: (mass: number, count: number) => boolean): Cut {
	let [mass, count] = [0, 0];
	for (let bucket = BUCKETS - 1; bucket >= 0; bucket--) {
		if (bucketCount[bucket] === 0) continue;
		if (!isEnough(mass + bucketMass[bucket]!, count + bucketCount[bucket]!)) {
			mass += bucketMass[bucket]!;
			count += bucketCount[bucket]!;
			continue;
		}
		const members: number[] = [];
		for (let i = 0; i < bits.length; i++) if (bits[i]! >>> 16 === bucket) members.push(i);
		members.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
		const partly: number[] = [];
		for (const i of members) {
			if (isEnough(mass, count)) break;
			partly.push(i);
			mass += probabilities[i]!;
			count += 1;
		}
		return { bucket, partly, mass };
	}
	return { bucket: -1, partly: [], mass };
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
