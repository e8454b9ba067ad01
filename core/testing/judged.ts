import { type Asked, type Reading, SCHEMA_VERSION, type Verdict } from "../records.ts";
import { judgeTrust, type TrustFigures, trustFigures } from "../trust.ts";
import type { TrustItem } from "../trust-tally.ts";

/** What all verdicts have. */
export const base = { schemaVersion: SCHEMA_VERSION, key: "k", promptId: "p", order: [] as number[] } as const;

/** One question of a judge, and what came of it. */
export function question(shown: number[], outcome: Asked["outcome"], judge = "j", vote = 0): Asked {
	return { key: "q", judge, shown, vote, outcome };
}

export const choice = (first: number): Reading => ({ kind: "choice", first, reason: "" });
export const listed = (scores: number[]): Reading => ({ kind: "scores", scores, reasons: scores.map(() => "") });

/** The verdict of a pairwise judge on two candidates, from its answers to 0-before-1 and 1-before-0. */
export function pairwise(forward: number, backward: number): Verdict {
	const p = (forward + 1 - backward) / 2;
	const asked = [question([0, 1], choice(forward)), question([1, 0], choice(backward))];
	const preferences = [
		[0.5, p],
		[1 - p, 0.5],
	];
	return { ...base, kind: "preferences", judge: "j", preferences, reasons: ["", ""], asked };
}

/** The first candidate is as many characters long as said, the second so many. */
export const texts = (...lengths: number[]) => lengths.map((length) => ({ text: "é".repeat(length) }));

/** The figures of the only judge that there is, as report.json takes them. */
export function only(items: readonly TrustItem[], families = {}): TrustFigures {
	const [figures, ...others] = judgeTrust(items, families);
	if (others.length > 0) throw new Error("more judges than one");
	return trustFigures.parse(figures);
}

export const rates = ({ figures }: TrustFigures) =>
	Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, figure.value]));
