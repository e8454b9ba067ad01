import fc from "fast-check";
import { expect, test } from "vitest";
import { countMeetings, type Meeting, meetings, type Result, type Schedule } from "./schedule.ts";

/** Plays a schedule to its end; returns the meetings of each round. */
function play(n: number, schedule: Schedule, outcome: (i: number, j: number) => number | null): Meeting[][] {
	const known = new Map<string, number | null>();
	const result: Result = (i, j) => known.get(`${i} ${j}`);
	const rounds: Meeting[][] = [];
	for (;;) {
		const fresh = meetings(n, schedule, result).filter(([i, j]) => result(i, j) === undefined);
		if (fresh.length === 0) return rounds;
		rounds.push(fresh);
		for (const [i, j] of fresh) known.set(`${i} ${j}`, outcome(i, j));
	}
}

const strongerWins = (i: number, j: number) => (i > j ? 1 : 0);

test("all: everybody meets everybody once, at once", () => {
	expect(play(4, { kind: "all" }, strongerWins)).toEqual([
		[
			[0, 1],
			[0, 2],
			[1, 2],
			[0, 3],
			[1, 3],
			[2, 3],
		],
	]);
});

test("swiss: winners meet winners in the second round, losers losers", () => {
	expect(play(4, { kind: "swiss" }, strongerWins)).toEqual([
		[
			[0, 1],
			[2, 3],
		],
		[
			[1, 3],
			[0, 2],
		],
	]);
});

test("swiss: with an odd number the last without a bye has one, and nobody two", () => {
	const rounds = play(5, { kind: "swiss", rounds: 3 }, strongerWins);
	const byes = rounds.map((round) => [0, 1, 2, 3, 4].filter((i) => !round.flat().includes(i)));
	expect(byes).toEqual([[4], [2], [0]]);
});

test("swiss: who has no one left to meet swaps with the last, so the leaders still meet", () => {
	// 4 is left over in the third round: it met 5, and had its bye.
	const [, , third] = play(7, { kind: "swiss" }, strongerWins);
	expect(third!.slice(0, 2)).toEqual([
		[3, 6],
		[1, 2],
	]);
	expect(third!.map((meeting) => meeting.toSorted())).toContainEqual([0, 4]);
});

test("tournament: the winner meets as many as there are rounds, the losers nobody again", () => {
	const rounds = play(6, { kind: "tournament" }, strongerWins);
	expect(rounds).toEqual([
		[
			[2, 3],
			[4, 5],
		],
		[
			[0, 1],
			[3, 5],
		],
		[[1, 5]],
	]);
});

test("tournament: after a tie or a failure the earlier place goes on", () => {
	expect(play(4, { kind: "tournament" }, () => 0.5).at(-1)).toEqual([[0, 2]]);
	expect(play(4, { kind: "tournament" }, () => null).at(-1)).toEqual([[0, 2]]);
});

test("more swiss rounds than half the candidates are everybody against everybody", () => {
	expect(countMeetings(6, { kind: "swiss", rounds: 3 })).toBe(9);
	expect(countMeetings(6, { kind: "swiss", rounds: 4 })).toBe(15);
	expect(play(6, { kind: "swiss", rounds: 4 }, strongerWins).flat()).toHaveLength(15);
});

test("whatever the results: no rematch, the number of meetings that was forecast, and the same meetings again", () => {
	const kind = fc.constantFrom("all" as const, "swiss" as const, "tournament" as const);
	const size = fc.integer({ min: 0, max: 17 });
	fc.assert(
		fc.property(
			size,
			kind,
			fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
			fc.infiniteStream(fc.constantFrom(0, 0.5, 1, null)),
			(n, kind, rounds, stream) => {
				const schedule = { kind, rounds };
				const drawn = new Map<string, number | null>();
				const outcome = (i: number, j: number) => {
					if (!drawn.has(`${i} ${j}`)) drawn.set(`${i} ${j}`, stream.next().value!);
					return drawn.get(`${i} ${j}`)!;
				};
				const all = play(n, schedule, outcome).flat();
				expect(all).toHaveLength(countMeetings(n, schedule));
				expect(new Set(all.map(([i, j]) => `${Math.min(i, j)} ${Math.max(i, j)}`)).size).toBe(all.length);
				for (const [i, j] of all) expect(i !== j && Math.min(i, j) >= 0 && Math.max(i, j) < n).toBe(true);
				expect(play(n, schedule, outcome).flat()).toEqual(all);
			},
		),
	);
});

test("swiss finds the number of meetings it promises up to half the candidates, also for many", () => {
	for (const n of [24, 25, 40]) {
		const schedule = { kind: "swiss", rounds: Math.ceil(n / 2) } as const;
		expect(play(n, schedule, strongerWins).flat()).toHaveLength(countMeetings(n, schedule));
	}
});
