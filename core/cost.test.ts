import { expect, test } from "vitest";
import { costsBy, summarizeCosts } from "./cost.ts";
import type { LedgerEntry } from "./ledger-entry.ts";

const base = { schemaVersion: 1, at: "2026-01-01T00:00:00Z" } as const;
const place = { iteration: 1, line: "dno", stage: "rank", judge: "small" } as const;

function reserved(call: string, cost: number, where: Partial<typeof place> | { judge: string } = {}): LedgerEntry {
	return { ...base, kind: "reserved", ...place, ...where, call, key: `key of ${call}`, cost };
}

function settled(call: string, cost: number): LedgerEntry {
	return { ...base, kind: "settled", call, cost, usage: { input: 100, cachedInput: 40, output: 10 } };
}

test("reservations count until they are settled, released or lost", () => {
	const { total } = summarizeCosts([
		reserved("paid", 5),
		settled("paid", 2),
		reserved("refused", 5),
		{ ...base, kind: "released", call: "refused", reason: "429" },
		reserved("lost", 3),
		{ ...base, kind: "lost", call: "lost", reason: "connection reset" },
		reserved("in flight", 4),
		reserved("over the ceiling", 9),
		{ ...base, kind: "withdrawn", call: "over the ceiling" },
	]);
	expect(total).toEqual({
		...{ attempts: 4, calls: 1, spent: 5, lost: 3, reserved: 4, repeated: 0, saved: 0 },
		...{ inputTokens: 100, cachedInputTokens: 40, outputTokens: 10 },
	});
});

test("an end that comes twice, or without a beginning, changes nothing", () => {
	const { total } = summarizeCosts([settled("never begun", 9), reserved("a", 5), settled("a", 2), settled("a", 2)]);
	expect(total).toMatchObject({ calls: 1, spent: 2, reserved: 0 });
});

test("rows are by place, and sums by any column add up to the total", () => {
	const { rows, total } = summarizeCosts([
		reserved("a", 1),
		settled("a", 1),
		reserved("b", 2, { judge: "large" }),
		settled("b", 2),
		{ ...base, kind: "repeated", ...place, iteration: 2, count: 7, cost: 3 },
	]);
	expect(rows.map(({ iteration, judge, spent, saved }) => [iteration, judge, spent, saved])).toEqual([
		[1, "small", 1, 0],
		[1, "large", 2, 0],
		[2, "small", 0, 3],
	]);
	expect(costsBy(rows, "judge").map(({ name, spent, repeated }) => [name, spent, repeated])).toEqual([
		["small", 1, 7],
		["large", 2, 0],
	]);
	expect(total).toMatchObject({ calls: 2, spent: 3, repeated: 7, saved: 3 });
});

test("what one activity says the verdict store had counts once; what others say, and what is nobody's, each time", () => {
	const repeated = (call?: string): LedgerEntry => {
		return { ...base, kind: "repeated", ...place, ...(call !== undefined && { call }), count: 7, cost: 3 };
	};
	const { total } = summarizeCosts([repeated("run.1"), repeated("run.1"), repeated("run.2"), repeated(), repeated()]);
	expect(total).toMatchObject({ repeated: 4 * 7, saved: 4 * 3 });
});

test("the ceiling is the config's until it is raised", () => {
	const raised: LedgerEntry = { ...base, kind: "ceiling", cost: 50 };
	expect(summarizeCosts([], 20).ceiling).toBe(20);
	expect(summarizeCosts([raised], 20).ceiling).toBe(50);
	expect(summarizeCosts([raised, { ...base, kind: "ceiling" }], 20)).not.toHaveProperty("ceiling");
	expect(summarizeCosts([])).not.toHaveProperty("ceiling");
});
