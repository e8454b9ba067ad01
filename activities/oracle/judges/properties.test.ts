import fc from "fast-check";
import { expect, test } from "vitest";
import { expectedOracleCalls } from "../../../core/expected-calls.ts";
import type { JudgeCall } from "../../../core/judge-calls.ts";
import { oracleConfig } from "../../../core/oracle-config.ts";
import { createRandom, hashSeed } from "../../../core/random.ts";
import { type CandidateGroup, isJudgment, type Verdict, verdict as verdictSchema } from "../../../core/records.ts";
import { preferencesOf, winRates } from "../../../core/rewards.ts";
import { makePairs } from "../../pairs/make-pairs.ts";
import { openOracle } from "../../testing/open-oracle.ts";
import { answers, play } from "../../testing/play-judge.ts";
import { withoutLoopsAndCopies } from "../select-candidates.ts";
import type { Outcome } from "./judge.ts";

const RULES = { minChosenWinRate: 0.5, minMargin: 0.1, minStudentMargin: 0.05 };

const single = fc.oneof(
	fc.record({ kind: fc.constant("listwise"), votes: fc.integer({ min: 1, max: 3 }) }),
	fc.record({ kind: fc.constant("score"), votes: fc.integer({ min: 1, max: 2 }) }),
	fc.record({
		kind: fc.constant("pairwise"),
		votes: fc.integer({ min: 1, max: 2 }),
		read: fc.constantFrom("text", "log-probabilities"),
		onDisagreement: fc.constantFrom("tie", "invalid", "mean"),
		schedule: fc.constantFrom("all", "swiss", "tournament"),
	}),
);
const judge = (model: string) =>
	single.map((settings) => ({
		...settings,
		...("read" in settings && settings.read === "log-probabilities" && { votes: 1 }),
		...{ model, temperature: 1 },
	}));
const config = fc.oneof(
	judge("m"),
	fc.record({
		kind: fc.constant("panel"),
		rule: fc.constantFrom("mean", "majority"),
		judges: fc.tuple(judge("x"), judge("y"), judge("z")),
	}),
);

/** Candidates, copies and loops among them; the last one is the teacher's. */
const group: fc.Arbitrary<CandidateGroup> = fc
	.array(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e", "f"), fc.nat(9)), { minLength: 2, maxLength: 7 })
	.map((drawn) => {
		const made = answers(...drawn.map(([text, luck]) => (luck === 0 ? `${text}${text}${text}` : text)));
		const isLoop = (i: number) => drawn[i]![1] === 0;
		const responses = made.responses.map((r, i) => (isLoop(i) ? { ...r, finishReason: "repetition" as const } : r));
		return { ...made, responses };
	});

/** A judge that says or fails to say anything, the same whenever it is asked the same. */
function anyJudge(seed: number, failures: number): (call: JudgeCall) => Outcome {
	return ({ key, reply, shown }) => {
		const random = createRandom(hashSeed(seed, key));
		if (random() < failures) return { kind: random() < 0.5 ? "invalid" : "unjudged", reason: "failed" };
		const whole = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
		if (reply.kind === "scores") {
			return { kind: "scores", scores: shown.map(() => whole(reply.low, reply.high)), reasons: shown.map(() => "r") };
		}
		if (reply.kind === "rating") return { kind: "rating", score: whole(reply.low, reply.high), reason: "r" };
		return { kind: "choice", first: reply.from === "text" ? whole(0, 2) / 2 : random(), reason: "r" };
	};
}

const failures = fc.constantFrom(0, 0.2, 0.6, 1);
const chain = fc.record({ config, group, seed: fc.nat(), failures });

const pairsOf = (given: CandidateGroup, verdict: Verdict) => makePairs([given], [verdict], RULES as never, 1);

test("whatever the replies: a verdict by its schema, P antisymmetric, win rates in [0, 1]", () => {
	fc.assert(
		fc.property(chain, ({ config, group, seed, failures }) => {
			const verdict = verdictSchema.parse(play(openOracle(config), group, anyJudge(seed, failures)).verdict);
			if (!isJudgment(verdict)) return;
			const p = preferencesOf(verdict);
			for (const [i, row] of p.entries()) {
				expect(row).toHaveLength(group.responses.length);
				expect(row[i]).toBe(0.5);
				for (const [j, pij] of row.entries()) {
					if (pij === null) expect(p[j]![i]).toBeNull();
					else expect(pij + p[j]![i]!).toBeCloseTo(1, 12);
				}
			}
			for (const rate of winRates(p)) expect(rate === undefined || (rate >= 0 && rate <= 1)).toBe(true);
		}),
	);
});

test("a pair rests on a question that was answered about both, or on a loop", () => {
	fc.assert(
		fc.property(chain, ({ config, group, seed, failures }) => {
			const { verdict } = play(openOracle(config), group, anyJudge(seed, failures));
			const answered = (verdict.asked ?? []).filter(({ outcome }) => !["invalid", "unjudged"].includes(outcome.kind));
			const text = (i: number) => group.responses[i]!.text;
			const judged = new Set(answered.flatMap(({ judge, shown }) => shown.map((i) => `${judge} ${text(i)}`)));
			const loops = new Set(group.responses.filter((r) => r.finishReason === "repetition").map((r) => r.text));
			for (const { chosen, rejected } of pairsOf(group, verdict)) {
				expect(loops.has(chosen)).toBe(false);
				const isBoths = ["m", "x", "y", "z"].some(
					(name) => judged.has(`${name} ${chosen}`) && judged.has(`${name} ${rejected}`),
				);
				expect(isBoths || loops.has(rejected)).toBe(true);
			}
		}),
	);
});

test("where every call fails there is no judgment and no pair", () => {
	fc.assert(
		fc.property(config, group, fc.constantFrom("invalid" as const, "unjudged" as const), (config, group, kind) => {
			const { verdict, rounds } = play(openOracle(config), group, () => ({ kind, reason: "failed" }));
			if (rounds.length === 0) return;
			expect(verdict).toMatchObject({ kind, reason: "failed" });
			expect(pairsOf(group, verdict)).toEqual([]);
		}),
	);
});

test("a judge for whom all are alike makes no pair but with loops", () => {
	fc.assert(
		fc.property(config, group, (config, group) => {
			const { verdict } = play(openOracle(config), group, ({ reply, shown }) => {
				if (reply.kind === "scores")
					return { kind: "scores", scores: shown.map(() => 3), reasons: shown.map(() => "") };
				if (reply.kind === "rating") return { kind: "rating", score: 3, reason: "" };
				return { kind: "choice", first: 0.5, reason: "" };
			});
			const loops = group.responses.filter((r) => r.finishReason === "repetition").map((r) => r.text);
			for (const { rejected } of pairsOf(group, verdict)) expect(loops).toContain(rejected);
		}),
	);
});

test("as many calls as forecast, each once, about candidates that differ and are no loops", () => {
	fc.assert(
		fc.property(chain, ({ config, group, seed, failures }) => {
			const calls = play(openOracle(config), group, anyJudge(seed, failures)).rounds.flat();
			const { judged } = withoutLoopsAndCopies(group.responses);
			expect(calls).toHaveLength(expectedOracleCalls(oracleConfig.parse(config), judged.length));
			expect(new Set(calls.map(({ key }) => key)).size).toBe(calls.length);
			for (const { shown } of calls) for (const i of shown) expect(judged).toContain(i);
		}),
	);
});

test("copies tie, and stand to all others alike", () => {
	fc.assert(
		fc.property(chain, ({ config, group, seed, failures }) => {
			const { verdict } = play(openOracle(config), group, anyJudge(seed, failures));
			if (!isJudgment(verdict)) return;
			const p = preferencesOf(verdict);
			const same = (i: number, j: number) =>
				group.responses[i]!.text === group.responses[j]!.text &&
				group.responses[i]!.finishReason === group.responses[j]!.finishReason;
			for (const i of p.keys()) {
				for (const j of p.keys()) {
					if (!same(i, j)) continue;
					expect(p[i]![j]).toBe(0.5);
					for (const k of p.keys()) expect(p[i]![k]).toBe(p[j]![k]);
				}
			}
		}),
	);
});

test("the order of the candidates changes nothing: the same calls, and P follows", () => {
	const shuffled = chain.chain((drawn) => {
		const { length } = drawn.group.responses;
		const order = fc.shuffledSubarray([...Array(length).keys()], { minLength: length, maxLength: length });
		return order.map((places) => ({ ...drawn, places }));
	});
	fc.assert(
		fc.property(shuffled, ({ config, group, seed, failures, places }) => {
			const oracle = openOracle(config);
			const moved = { ...group, responses: places.map((i) => group.responses[i]!) };
			const before = play(oracle, group, anyJudge(seed, failures));
			const after = play(oracle, moved, anyJudge(seed, failures));
			const keys = (played: typeof before) =>
				played.rounds
					.flat()
					.map(({ key }) => key)
					.toSorted();
			expect(keys(after)).toEqual(keys(before));
			expect(after.verdict.kind).toBe(before.verdict.kind);
			if (!isJudgment(before.verdict) || !isJudgment(after.verdict)) return;
			const [p, q] = [preferencesOf(before.verdict), preferencesOf(after.verdict)];
			for (const [a, i] of places.entries()) {
				for (const [b, j] of places.entries()) {
					if (p[i]![j] === null) expect(q[a]![b]).toBeNull();
					else expect(q[a]![b]).toBeCloseTo(p[i]![j]!, 12);
				}
			}
		}),
	);
});
