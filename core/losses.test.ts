import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dpoLoss, ktoLoss, ktoReferencePoint, rewardMargin, sftLoss, sigmoid, softplus } from "./losses.ts";

const real = fc.double({ min: -1e3, max: 1e3, noNaN: true });

describe("stable functions", () => {
	test("softplus(x) − softplus(−x) = x, without overflow", () => {
		fc.assert(
			fc.property(real, (x) => {
				expect(softplus(x) - softplus(-x)).toBeCloseTo(x, 9);
			}),
		);
		expect(softplus(1e5)).toBe(1e5);
		expect(softplus(-1e5)).toBe(0);
	});

	test("σ(x) + σ(−x) = 1 and −log σ(x) = softplus(−x)", () => {
		fc.assert(
			fc.property(real, (x) => {
				expect(sigmoid(x) + sigmoid(-x)).toBeCloseTo(1, 12);
			}),
		);
		expect(-Math.log(sigmoid(3))).toBeCloseTo(softplus(-3), 12);
		expect(sigmoid(-1e5)).toBe(0);
	});
});

describe("losses", () => {
	const pair = { chosen: -3, rejected: -5, referenceChosen: -4, referenceRejected: -4 };

	test("SFT is the mean over tokens", () => {
		expect(sftLoss([-1, -2, -6])).toBe(3);
	});

	test("DPO is log 2 where the policy is the reference, and falls with the margin", () => {
		const same = { ...pair, referenceChosen: -3, referenceRejected: -5 };
		expect(dpoLoss([same], 0.1)).toBeCloseTo(Math.log(2), 12);
		expect(rewardMargin(pair, 0.1)).toBeCloseTo(0.2, 12);
		expect(dpoLoss([pair], 0.1)).toBeCloseTo(Math.log(1 + Math.exp(-0.2)), 12);
		expect(dpoLoss([pair, same], 0.1)).toBeCloseTo((Math.log(1 + Math.exp(-0.2)) + Math.log(2)) / 2, 12);
	});

	test("KTO weighs gains and losses against the reference point", () => {
		const settings = { beta: 0.5, desirableWeight: 2, undesirableWeight: 3 };
		const example = { policy: -1, reference: -3 };
		expect(ktoLoss([{ ...example, desirable: true }], 1, settings)).toBeCloseTo(2 * (1 - sigmoid(0.5)), 12);
		expect(ktoLoss([{ ...example, desirable: false }], 1, settings)).toBeCloseTo(3 * (1 - sigmoid(-0.5)), 12);
		expect(ktoLoss([{ ...example, desirable: true }], 2, settings)).toBeCloseTo(1, 12);
	});

	test("KTO's reference point is a mean that is not negative", () => {
		expect(
			ktoReferencePoint([
				{ policy: -1, reference: -2 },
				{ policy: -1, reference: -4 },
			]),
		).toBe(2);
		expect(ktoReferencePoint([{ policy: -9, reference: -2 }])).toBe(0);
	});
});
