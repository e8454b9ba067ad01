import { expect, test } from "vitest";
import { verdict as verdictSchema } from "../../../core/records.ts";
import { openOracle } from "../../testing/open-oracle.ts";
import { answers, fairJudge, play } from "../../testing/play-judge.ts";

const never = () => {
	throw new Error("nobody was to be asked");
};

/** Candidates 1 and 3 are copies, 2 is a loop. */
const mixed = (() => {
	const group = answers("a", "bbb", "bb bb bb", "bbb", "cc");
	return {
		...group,
		responses: group.responses.map((r, i) => (i === 2 ? { ...r, finishReason: "repetition" as const } : r)),
	};
})();

test.each(["listwise", "pairwise", "score"])(
	"%s: copies tie and share a verdict, loops lose, neither is asked about",
	(kind) => {
		const { verdict, rounds } = play(
			openOracle({ kind }),
			mixed,
			fairJudge(mixed, (text) => text.length),
		);
		expect(new Set(rounds.flat().flatMap(({ shown }) => shown))).toEqual(new Set([0, 1, 4]));
		expect(verdictSchema.parse(verdict).asked!.flatMap(({ shown }) => shown)).not.toContain(2);
		if (kind === "pairwise") {
			expect(verdict).toMatchObject({
				preferences: [
					[0.5, 0, 1, 0, 0],
					[1, 0.5, 1, 0.5, 1],
					[0, 0, 0.5, 0, 0],
					[1, 0.5, 1, 0.5, 1],
					[1, 0, 1, 0, 0.5],
				],
			});
		} else {
			expect(verdict).toMatchObject({ scores: [1, 3, 0, 3, 2] });
		}
		expect(verdict).toMatchObject({ reasons: { 2: "repeats itself" } });
	},
);

test.each(["listwise", "pairwise", "score"])("%s: answers that are all the same tie without a call", (kind) => {
	const { verdict } = play(openOracle({ kind }), answers("a", "a", "a"), never);
	expect(verdictSchema.parse(verdict)).toMatchObject({
		kind: "preferences",
		preferences: [1, 2, 3].map(() => [0.5, 0.5, 0.5]),
		asked: [],
	});
});

test("loops alone tie without a call, and lose to the one answer that is none", () => {
	const loops = { ...mixed, responses: [2, 2, 0].map((i) => mixed.responses[i]!) };
	expect(play(openOracle({ kind: "listwise" }), loops, never).verdict).toMatchObject({
		preferences: [
			[0.5, 0.5, 0],
			[0.5, 0.5, 0],
			[1, 1, 0.5],
		],
	});
});

test("comparisons with copies and loops cost nothing", () => {
	const oracle = openOracle({ kind: "pairwise" });
	const { verdict, rounds } = play(
		oracle,
		mixed,
		fairJudge(mixed, (text) => text.length),
		[
			[1, 3],
			[0, 2],
			[1, 4],
			[3, 4],
		],
	);
	expect(rounds.flat().map(({ shown }) => shown.toSorted())).toEqual([
		[1, 4],
		[1, 4],
	]);
	expect(verdict).toMatchObject({ preferences: { 0: [0.5, null, 1, null, null], 3: [null, 0.5, 1, 0.5, 1] } });
});

test("a failed question about the rest is no judgment of the loops either", () => {
	const { verdict } = play(openOracle({ kind: "listwise" }), mixed, () => ({ kind: "unjudged", reason: "429" }));
	expect(verdict).toMatchObject({ kind: "unjudged", reason: "429" });
});

test("keys change with all that a reply depends on, and with nothing else", () => {
	const group = answers("a", "b");
	const key = (settings: object, rubric?: string) =>
		openOracle({ kind: "score", ...settings }, rubric).calls(group, "all", () => undefined)[0]!.key;
	const settings = { apiKeyEnv: "KEY", price: { input: 1, output: 1 }, concurrency: 2, timeoutSeconds: 5, name: "n" };
	expect(key(settings)).toBe(key({}));
	const others = [
		key({}, "Be strict."),
		key({ model: "other" }),
		key({ baseURL: "http://localhost:8000/v1" }),
		key({ temperature: 1 }),
		key({ temperature: null }),
		key({ maxTokens: 99 }),
		key({ parameters: { seed: 1 } }),
		key({ replyFormat: "text" }),
	];
	expect(new Set([key({}), ...others]).size).toBe(others.length + 1);
});

test("keys stay what they are: stored replies are found by them", () => {
	// If this is meant to change, see CALL_VERSION.
	const [call] = openOracle({ kind: "score" }).calls(answers("a", "b"), "all", () => undefined);
	expect(call!.key).toBe("f78453a238ca2d7688b5e55b8991beee5e47d2029631a82e717957285e9369e0");
});

test("fingerprints tell oracles apart by what decides their verdicts alone", () => {
	const fingerprint = (settings: object, rubric?: string) =>
		openOracle({ kind: "pairwise", ...settings }, rubric).fingerprint;
	expect(fingerprint({ concurrency: 1, name: "n", family: "f", budget: 5, rubric: "elsewhere.md" })).toBe(
		fingerprint({}),
	);
	expect(fingerprint({ onDisagreement: "mean" })).not.toBe(fingerprint({}));
	expect(fingerprint({ schedule: "swiss" })).not.toBe(fingerprint({}));
	expect(fingerprint({}, "Be strict.")).not.toBe(fingerprint({}));
});
