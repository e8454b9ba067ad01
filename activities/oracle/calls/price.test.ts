import { expect, test } from "vitest";
import { costOf, estimateTokens } from "./price.ts";

const usage = { input: 1_000_000, cachedInput: 400_000, output: 10_000 };

test("cached tokens are cheaper where the price table says so, and as dear as others where it does not", () => {
	expect(costOf(usage, { input: 2, cachedInput: 0.5, output: 10 })).toBeCloseTo(1.2 + 0.2 + 0.1, 12);
	expect(costOf(usage, { input: 2, output: 10 })).toBeCloseTo(2 + 0.1, 12);
	expect(costOf(usage, { input: 2, output: 10 }, 0.5)).toBeCloseTo(1.05, 12);
	expect(costOf(usage, undefined)).toBe(0);
});

test("the estimate covers what a tokenizer makes of many scripts, and the whole reply", () => {
	// Tokens by cl100k_base (gpt-tokenizer 3), which is no smaller than o200k_base on any of them.
	const texts: readonly (readonly [string, number])[] = [
		["The quick brown fox jumps over the lazy dog.", 10],
		["敏捷的棕色狐狸跳过懒狗。", 24],
		["Быстрая лиса прыгает через ленивую собаку.", 23],
		["Die Bürgermeisterin überprüfte die Straßenbahnhaltestelle.", 18],
		["𝛼² + β² = γ², ∀x∈ℝ: √x ≥ 0 🙂🙂", 27],
	];
	const call = { reply: { kind: "choice", from: "text" }, maxTokens: 7 } as const;
	const estimate = (content: string) => estimateTokens({ ...call, messages: [{ role: "user", content }] });
	for (const [content, tokens] of texts) {
		expect(estimate(content).input - estimate("").input, content).toBeGreaterThanOrEqual(tokens);
		expect(estimate(content).output).toBe(7);
	}
});
