import { expect, test } from "vitest";
import { meanInterval, pairedDifference, wilsonInterval } from "./statistics.ts";

test("mean ± 1.96 standard errors", () => {
	const { mean, low, high, n } = meanInterval([0, 0.5, 1, 0.5]); // s² = 1/6, s/√n = .20412
	expect([mean, n]).toEqual([0.5, 4]);
	expect(low).toBeCloseTo(0.5 - 1.959964 * 0.2041241, 6);
	expect(high).toBeCloseTo(0.5 + 1.959964 * 0.2041241, 6);
});

test("the interval stays within [0, 1] and closes on constant values", () => {
	expect(meanInterval([1, 1, 1])).toEqual({ mean: 1, low: 1, high: 1, n: 3 });
	expect(meanInterval([0, 1]).low).toBe(0);
	expect(meanInterval([0, 1]).high).toBe(1);
	expect(meanInterval([0.25])).toEqual({ mean: 0.25, low: 0.25, high: 0.25, n: 1 });
});

test("no values have no mean", () => {
	expect(() => meanInterval([])).toThrow(RangeError);
});

test("a paired difference cancels what prompts share, and may be negative", () => {
	expect(pairedDifference([0.1, 0.6, 0.9], [0.2, 0.7, 1]).mean).toBeCloseTo(-0.1, 12);
	const { low, high } = pairedDifference([0.1, 0.6, 0.9], [0.2, 0.7, 1]);
	expect(high - low).toBeCloseTo(0, 12);
});

test("Wilson's interval: published values, and open where all values are equal", () => {
	// Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
	const rounded = (total: number, n: number) => {
		const { low, high } = wilsonInterval(total, n);
		return [low.toFixed(4), high.toFixed(4)];
	};
	expect(rounded(81, 263)).toEqual(["0.2553", "0.3662"]);
	expect(rounded(15, 148)).toEqual(["0.0624", "0.1605"]);
	expect(rounded(0, 20)).toEqual(["0.0000", "0.1611"]);
	expect(rounded(1, 29)).toEqual(["0.0061", "0.1718"]);
	expect(wilsonInterval(5, 5)).toMatchObject({ mean: 1, high: 1, n: 5 });
	expect(() => wilsonInterval(0, 0)).toThrow(RangeError);
});
