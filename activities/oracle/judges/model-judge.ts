import type { JudgeCall } from "../../../core/judge-calls.ts";
import { judgeName, type ModelJudgeConfig } from "../../../core/oracle-config.ts";
import {
	type Asked,
	type CandidateGroup,
	type Preferences,
	SCHEMA_VERSION,
	type Verdict,
} from "../../../core/records.ts";
import { preferencesFromScores } from "../../../core/rewards.ts";
import { hashJson } from "../../store/hash-json.ts";
import type { Comparisons, Known, ModelJudge, Outcome } from "./judge.ts";
import { CALL_VERSION } from "./judge-call.ts";

/** What the outcomes of a judge's calls make. */
export type Finding = {
	/** One a candidate. */
	readonly reasons: readonly string[];
} & (
	| { readonly kind: "scores"; readonly scores: readonly number[] }
	| { readonly kind: "preferences"; readonly preferences: Preferences }
);

/** What a kind of judge is, beside what all have. */
interface JudgeKind {
	/** All calls that can be named by now, the answered ones included. */
	plan(group: CandidateGroup, comparisons: Comparisons, known: Known): JudgeCall[];
	conclude(group: CandidateGroup, asked: readonly Asked[]): Finding;
}

/** Settings that change who is asked when and for how much, and no verdict. */
const OTHER_SETTINGS: ReadonlySet<string> = new Set<keyof ModelJudgeConfig>([
	"name",
	"apiKeyEnv",
	"rubric",
	"concurrency",
	"requestsPerMinute",
	"tokensPerMinute",
	"timeoutSeconds",
	"maxAttempts",
	"pauseAfterErrors",
	"price",
	"mode",
	"batch",
	"family",
]);

const NOT_ASKED: Outcome = { kind: "unjudged", reason: "the judge was not asked" };

/** @param rubric the instructions themselves; `settings.rubric` is the file they come from */
export function createModelJudge(settings: ModelJudgeConfig, rubric: string, kind: JudgeKind): ModelJudge {
	const name = judgeName(settings);
	const determining = Object.entries(settings).filter(([key]) => !OTHER_SETTINGS.has(key));
	const fingerprint = hashJson({ version: CALL_VERSION, settings: Object.fromEntries(determining), rubric });
	return {
		name,
		settings,
		fingerprint,
		calls: (group, comparisons, known) =>
			kind.plan(group, comparisons, known).filter(({ key }) => known(key) === undefined),
		verdict(group, comparisons, known) {
			const asked = kind
				.plan(group, comparisons, known)
				.map(({ key, shown, vote }): Asked => ({ key, judge: name, shown, vote, outcome: known(key) ?? NOT_ASKED }));
			const base = { ...verdictBase(name, fingerprint, group, comparisons), ...askedOf(asked) };
			const finding = kind.conclude(group, asked);
			return isEmpty(finding) ? { ...base, ...failure(asked) } : ({ ...base, ...finding } as Verdict);
		},
	};
}

/** What every verdict of a model has, whatever it says. */
export function verdictBase(judge: string, fingerprint: string, group: CandidateGroup, comparisons: Comparisons) {
	const { promptId, prompt, responses } = group;
	const candidates = responses.map(({ text, finishReason }) => [text, finishReason === "repetition"]);
	return {
		schemaVersion: SCHEMA_VERSION as typeof SCHEMA_VERSION,
		key: hashJson({ fingerprint, prompt, candidates, comparisons }),
		promptId,
		judge,
	};
}

/** What was asked, and the candidates in the order that they were first shown in. */
export function askedOf(asked: readonly Asked[]): { asked: Asked[]; order: number[] } {
	return { asked: [...asked], order: [...new Set(asked.flatMap(({ shown }) => shown))] };
}

/** `unjudged` where a call could not be made, `invalid` where all were answered and none says anything. */
export function failure(asked: readonly Asked[]): { kind: "invalid" | "unjudged"; reason: string } {
	for (const kind of ["unjudged", "invalid"] as const) {
		for (const { outcome } of asked) if (outcome.kind === kind) return { kind, reason: outcome.reason };
	}
	return { kind: "invalid", reason: "the judge contradicts itself when two responses change places" };
}

/** Whether nothing was compared, or nothing with success. */
export function isEmpty(finding: Finding): boolean {
	const { kind } = finding;
	const preferences = kind === "scores" ? preferencesFromScores(finding.scores) : finding.preferences;
	return preferences.every((row, i) => row.every((p, j) => i === j || p === null));
}

/** Scores of some candidates: a verdict of scores where all have one, else the preferences among those that have. */
export function findingFromScores(scores: readonly (number | undefined)[], reasons: readonly string[]): Finding {
	const known = scores.filter((score) => score !== undefined);
	if (known.length === scores.length) return { kind: "scores", scores: known, reasons };
	const complete = preferencesFromScores(scores.map((score) => score ?? 0));
	const preferences = complete.map((row, i) =>
		row.map((p, j) => (i === j || (scores[i] !== undefined && scores[j] !== undefined) ? p : null)),
	);
	return { kind: "preferences", preferences, reasons };
}

/** The candidates that comparisons are about. */
export function candidatesOf(group: CandidateGroup, comparisons: Comparisons): number[] {
	return comparisons === "all" ? [...group.responses.keys()] : [...new Set(comparisons.flat())].sort((a, b) => a - b);
}
