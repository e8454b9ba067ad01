import { expect, test } from "vitest";
import { nextDelayMs } from "./retry-delay.ts";

test("the longest delay doubles up to a minute, and jitter takes any share of it", () => {
	const longest = [1, 2, 3, 6, 7, 40].map((attempt) => nextDelayMs(attempt, undefined, 1));
	expect(longest).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
	expect([0, 0.25].map((random) => nextDelayMs(3, undefined, random))).toEqual([1, 1_000]);
});

test("no delay is nothing: Temporal would take that for no retry", () => {
	expect(nextDelayMs(1, 0, 0)).toBe(1);
	expect(nextDelayMs(1, undefined, 0.0004)).toBe(1);
});

test("what the server asks for, up to ten minutes, comes before it and not in its place", () => {
	expect([0, 0.5, 1].map((random) => nextDelayMs(2, 20_000, random))).toEqual([20_000, 21_000, 22_000]);
	expect(nextDelayMs(7, 300, 1)).toBe(60_300);
	expect(nextDelayMs(1, 86_400_000, 0)).toBe(600_000);
});
