import fc from "fast-check";
import { expect, test } from "vitest";
import { createPace } from "./pace.ts";

test("requests of 100 tokens at 6,000 a minute begin a second apart", () => {
	const pace = createPace(6000);
	expect([pace(100, 0), pace(100, 0), pace(100, 500), pace(100, 10_000)]).toEqual([0, 1000, 1500, 0]);
});

test("without a limit nobody waits", () => {
	const pace = createPace();
	expect([pace(1e9, 5), pace(1e9, 5)]).toEqual([0, 0]);
});

test("whenever they are asked, no stretch of time takes more than its share and one request", () => {
	const requests = fc.array(fc.tuple(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 1, max: 500 })), {
		minLength: 1,
	});
	fc.assert(
		fc.property(requests, (asked) => {
			const pace = createPace(10_000);
			let now = 0;
			const begun = asked.map(([wait, tokens]) => {
				now += wait;
				return { at: now + pace(tokens, now), tokens };
			});
			const first = begun[0]!;
			const last = begun.at(-1)!;
			const between = begun.slice(0, -1).reduce((sum, { tokens }) => sum + tokens, 0);
			expect(between).toBeLessThanOrEqual(((last.at - first.at) * 10_000) / 60_000 + 1e-6);
		}),
	);
});
