/** Two candidates that are compared, by their places. */
export type Meeting = readonly [number, number];

/** Who is compared with whom, of n candidates at places 0 … n−1. The places are the draw: whoever calls shuffles them. */
export interface Schedule {
	/**
	 * `all` with all; `swiss` rounds, in which those with like points meet; a single-elimination `tournament`. The last two
	 * compare fewer, so their r̂ are means over fewer and unlike opponents.
	 */
	readonly kind: "all" | "swiss" | "tournament";
	/** Of `swiss`; by default ⌈log₂ n⌉. */
	readonly rounds?: number | undefined;
}

/** P(i ≻ j): null where judging it failed, undefined where it is not known yet. Asked only of scheduled meetings. */
export type Result = (i: number, j: number) => number | null | undefined;

/**
 * All meetings that can be named by now, the finished rounds' first. Once all their results are known, a further call
 * names the next round's too; when it names none more, the schedule is done. The same results give the same meetings.
 */
export function meetings(n: number, schedule: Schedule, result: Result): Meeting[] {
	if (schedule.kind === "tournament") return tournament(n, result);
	const rounds = swissRounds(n, schedule);
	return rounds === undefined ? everybody(n) : swiss(n, rounds, result);
}

/** How many meetings a schedule has when it is done, whatever the results. */
export function countMeetings(n: number, schedule: Schedule): number {
	if (schedule.kind === "tournament") return Math.max(0, n - 1);
	const rounds = swissRounds(n, schedule);
	return rounds === undefined ? (n * (n - 1)) / 2 : rounds * Math.floor(n / 2);
}

function everybody(n: number): Meeting[] {
	return Array.from({ length: n }, (_, i) => Array.from({ length: i }, (_, j) => [j, i] as const)).flat();
}

/**
 * Undefined where everybody meets everybody: also in place of more rounds than half the candidates, since beyond those
 * there need not be a round without a rematch.
 */
function swissRounds(n: number, { kind, rounds }: Schedule): number | undefined {
	if (kind !== "swiss") return undefined;
	const wanted = rounds ?? Math.ceil(Math.log2(Math.max(1, n)));
	return wanted <= Math.ceil(n / 2) ? wanted : undefined;
}

function swiss(n: number, rounds: number, result: Result): Meeting[] {
	// With an odd number somebody meets nobody: place n, whom nobody meets twice either.
	const size = n + (n % 2);
	const points = Array.from({ length: size }, (_, place) => (place < n ? 0 : Number.NEGATIVE_INFINITY));
	const met = new Set<number>();
	const named: Meeting[] = [];
	for (let round = 0; round < rounds; round++) {
		const table = points.map((_, place) => place).sort((a, b) => points[b]! - points[a]! || a - b);
		const pairs = matching(table, (a, b) => !met.has(a * size + b));
		named.push(...pairs.filter((pair) => !pair.includes(n)));
		let isKnown = true;
		for (const [a, b] of pairs) {
			met.add(a * size + b).add(b * size + a);
			const p = a < n && b < n ? result(a, b) : null;
			isKnown &&= p !== undefined;
			// For the pairing alone, no result is worth as much as a tie.
			points[a]! += p ?? 0.5;
			points[b]! += 1 - (p ?? 0.5);
		}
		if (!isKnown) break;
	}
	return named;
}

/**
 * Pairs those that stand close in the table, each once. Where the last ones left may not meet, they swap partners with a
 * pair as far down as possible; as everyone may meet at least half of the others, there is one (Dirac's theorem).
 */
function matching(table: readonly number[], mayMeet: (a: number, b: number) => boolean): Meeting[] {
	const pairs: Meeting[] = [];
	const left = [...table];
	const alone: number[] = [];
	while (left.length > 0) {
		const a = left.shift()!;
		const next = left.findIndex((b) => mayMeet(a, b));
		if (next < 0) alone.push(a);
		else pairs.push([a, left.splice(next, 1)[0]!]);
	}
	for (let i = 0; i < alone.length; i += 2) {
		const [u, v] = [alone[i]!, alone[i + 1]!];
		const at = pairs.findLastIndex(([a, b]) => (mayMeet(u, a) && mayMeet(v, b)) || (mayMeet(u, b) && mayMeet(v, a)));
		const [a, b] = pairs[at]!;
		pairs.splice(
			at,
			1,
			...((mayMeet(u, a) && mayMeet(v, b)
				? [
						[u, a],
						[v, b],
					]
				: [
						[u, b],
						[v, a],
					]) as Meeting[]),
		);
	}
	return pairs;
}

function tournament(n: number, result: Result): Meeting[] {
	const named: Meeting[] = [];
	let field = Array.from({ length: n }, (_, place) => place);
	// The first places skip the first round, so that the others halve evenly.
	let byes = 2 ** Math.ceil(Math.log2(Math.max(1, n))) - n;
	while (field.length > 1) {
		const winners = field.slice(0, byes);
		let isKnown = true;
		for (let i = byes; i < field.length; i += 2) {
			const [a, b] = [field[i]!, field[i + 1]!];
			named.push([a, b]);
			const p = result(a, b);
			isKnown &&= p !== undefined;
			// Somebody has to go on: after a tie or no result, the earlier place.
			winners.push((p ?? 0.5) < 0.5 ? b : a);
		}
		if (!isKnown) break;
		field = winners;
		byes = 0;
	}
	return named;
}
