import type { Verdict } from "../../core/records.ts";

/** Why questions failed, the first of each kind: enough to see what is wrong with a judge that mostly fails. */
export type FirstFailures = Readonly<Partial<Record<"invalid" | "unjudged", string>>>;

export function firstFailures(verdicts: readonly Verdict[]): FirstFailures {
	const outcomes = verdicts.flatMap((verdict) => [...(verdict.asked ?? []).map(({ outcome }) => outcome), verdict]);
	return Object.fromEntries(
		(["invalid", "unjudged"] as const).flatMap((kind) => {
			const failed = outcomes.find((outcome) => outcome.kind === kind);
			return failed !== undefined && "reason" in failed ? [[kind, failed.reason]] : [];
		}),
	);
}

/** A line each. */
export function failureLines(failures: FirstFailures): string[] {
	return Object.entries(failures).map(([kind, reason]) => `The first ${kind} question: ${reason}`);
}
