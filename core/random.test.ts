import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createNormal, createRandom, hashSeed, shuffle } from "./random.ts";

describe("hashSeed", () => {
	test("is a safe integer that depends on every part, its type and its place", () => {
		const part = fc.oneof(fc.string(), fc.integer());
		fc.assert(
			fc.property(fc.array(part), (parts) => {
				const seed = hashSeed(...parts);
				expect(Number.isSafeInteger(seed) && seed >= 0).toBe(true);
				expect(hashSeed(...parts)).toBe(seed);
			}),
		);
		const seeds = [hashSeed(1), hashSeed("1"), hashSeed("a", "b"), hashSeed("ab"), hashSeed("b", "a"), hashSeed()];
		expect(new Set(seeds).size).toBe(seeds.length);
	});

	test("has no collision among a campaign's seeds", () => {
		const seeds = new Set<number>();
		for (let prompt = 0; prompt < 2000; prompt++) {
			for (let k = 0; k < 5; k++) seeds.add(hashSeed(0, "sample", prompt, k));
		}
		expect(seeds.size).toBe(10000);
	});
});

describe("createRandom", () => {
	test("gives the same stream for a seed and another for its neighbour and for its high bits", () => {
		const first = (seed: number) => Array.from({ length: 4 }, createRandom(seed));
		expect(first(5)).toEqual(first(5));
		expect(first(5)).not.toEqual(first(6));
		expect(first(5)).not.toEqual(first(5 + 2 ** 32));
	});

	test("is uniform on [0, 1): mean, variance and ten bins", () => {
		const random = createRandom(1);
		const numbers = Array.from({ length: 50_000 }, random);
		const bins = new Array(10).fill(0);
		for (const number of numbers) bins[Math.floor(number * 10)] += 1;
		const mean = numbers.reduce((a, b) => a + b) / numbers.length;
		expect(mean).toBeCloseTo(0.5, 2);
		for (const bin of bins) expect(Math.abs(bin - 5000)).toBeLessThan(300); // 4.5 standard deviations
	});
});

test("createNormal has mean 0 and variance 1", () => {
	const normal = createNormal(createRandom(2));
	const numbers = Array.from({ length: 50_000 }, normal);
	const mean = numbers.reduce((a, b) => a + b) / numbers.length;
	expect(Math.abs(mean)).toBeLessThan(0.02);
	expect(numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length).toBeCloseTo(1, 1);
});

test("shuffle keeps the items, leaves its argument alone and depends on the seed", () => {
	const items = Array.from({ length: 50 }, (_, i) => i);
	const shuffled = shuffle(items, createRandom(3));
	expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
	expect(shuffled).not.toEqual(items);
	expect(shuffled).toEqual(shuffle(items, createRandom(3)));
	expect(shuffled).not.toEqual(shuffle(items, createRandom(4)));
});
