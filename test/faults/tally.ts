import type { Asked, Verdict } from "../../core/records.ts";
import { verdictsOf } from "../fault-server/chat.ts";
import { consequence } from "../fault-server/faults.ts";
import type { Attempt, QuestionRecord } from "../fault-server/records.ts";
import type { FaultServer } from "../fault-server/start-fault-server.ts";
import type { Case } from "./candidates.ts";

/** What became of a section's questions: a listwise judgment is one, a pairwise one two, of scores one a response. */
export interface Tally {
	judgments: number;
	judged: number;
	invalid: number;
	unjudged: number;
	/** That the server received. */
	calls: number;
	/** That the script had fail and be followed by another call. */
	scriptedFailures: number;
	paidTwice: number;
	/** Verdicts that say something else than the truth, or something where nothing was to be said. */
	mislabelled: number;
}

export interface Examined {
	readonly tally: Tally;
	/** Whatever is not as the script says, in words; calls that a kill interrupted are left out. */
	readonly problems: readonly string[];
}

/**
 * Holds verdicts to the script and to the truth.
 *
 * @param unsettled calls that were in flight when their process was killed: these may have been made again
 */
export function examine(
	{ records, script }: FaultServer,
	cases: readonly Case[],
	verdicts: readonly Verdict[],
	unsettled: readonly Attempt[] = [],
): Examined {
	const problems: string[] = records.malformed.map((message) => `a request could not be read: ${message}`);
	const tally: Tally = {
		...{ judgments: 0, judged: 0, invalid: 0, unjudged: 0, calls: records.calls },
		...{ scriptedFailures: 0, paidTwice: 0, mislabelled: 0 },
	};
	const byQuestion = new Map<string, QuestionRecord>();
	for (const record of records.questions.values()) {
		const { case: name, qualities } = record.question;
		const question = nameOf(name, qualities);
		if (byQuestion.has(question)) problems.push(`${question} was asked in two ways`);
		byQuestion.set(question, record);
	}
	if (verdicts.length !== cases.length) problems.push(`${verdicts.length} verdicts of ${cases.length} cases`);
	for (const [i, verdict] of verdicts.entries()) {
		const { name, qualities } = cases[i]!;
		let isMislabelled = contradicts(verdict, qualities);
		for (const { shown, outcome } of verdict.asked ?? []) {
			const shownQualities = shown.map((index) => qualities[index]!);
			const question = nameOf(name, shownQualities);
			const record = byQuestion.get(question);
			byQuestion.delete(question);
			const state = stateOf(outcome);
			tally.judgments++;
			tally[state]++;
			if (record === undefined) {
				problems.push(`${question} is ${state}, but was not asked`);
				continue;
			}
			const expected = script.expectation(record.question.identity);
			tally.scriptedFailures += expected.calls - 1;
			const steps = record.attempts.map(({ step }) => step).join(", ");
			if (state !== expected.state) problems.push(`${question} is ${state} and not ${expected.state}: ${steps}`);
			if (state === "judged" && (expected.state !== "judged" || !isTrue(outcome, shownQualities, record)))
				isMislabelled = true;
			if (record.attempts.some((attempt) => unsettled.includes(attempt))) continue;
			if (record.attempts.length !== expected.calls) {
				problems.push(`${question} took ${record.attempts.length} calls and not ${expected.calls}: ${steps}`);
			}
			if (verdictsOf(record).length > 1) tally.paidTwice++;
		}
		if (isMislabelled) tally.mislabelled++;
	}
	for (const question of byQuestion.keys()) problems.push(`${question} was asked, but is part of no verdict`);
	return { tally, problems };
}

/** Calls beyond those that the script asks for: none but what a kill has repeated. */
export function repeatedCalls({ records, script }: FaultServer): number {
	const questions = [...records.questions.values()];
	const asked = questions.reduce((sum, { question }) => sum + script.expectation(question.identity).calls, 0);
	return records.calls - asked;
}

/** How often each fault was met, to see that none was left out. */
export function servedFaults({ records }: FaultServer): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const { step } of records.attempts()) counts[step] = (counts[step] ?? 0) + 1;
	return counts;
}

/** Share of the calls that gave no verdict. */
export function failingShare({ records }: FaultServer): number {
	const attempts = records.attempts();
	return attempts.filter(({ step }) => consequence(step) !== "judged").length / attempts.length;
}

function nameOf(name: string, qualities: readonly number[]): string {
	return `${name} [${qualities.join(", ")}]`;
}

function stateOf({ kind }: Asked["outcome"]): "judged" | "invalid" | "unjudged" {
	return kind === "invalid" || kind === "unjudged" ? kind : "judged";
}

function isTrue(outcome: Asked["outcome"], qualities: readonly number[], record: QuestionRecord): boolean {
	if (outcome.kind === "choice") return Math.sign(outcome.first - 0.5) === Math.sign(qualities[0]! - qualities[1]!);
	if (outcome.kind === "scores") return inOrder(outcome.scores, qualities);
	if (outcome.kind !== "rating") return false;
	// One rating by itself is true when it is the number that the server gave.
	return verdictsOf(record).some(({ text = "" }) => new RegExp(`:${outcome.score}\\b`).test(text));
}

function inOrder(scores: readonly number[], qualities: readonly number[]): boolean {
	return scores.every((a, i) => scores.every((b, j) => Math.sign(a - b) === Math.sign(qualities[i]! - qualities[j]!)));
}

/** Whether a verdict orders two responses otherwise than their qualities do. */
function contradicts(verdict: Verdict, qualities: readonly number[]): boolean {
	if (verdict.kind === "scores") return !inOrder(verdict.scores, qualities);
	if (verdict.kind !== "preferences") return false;
	return verdict.preferences.some((row, i) =>
		row.some((p, j) => p !== null && Math.sign(p - 0.5) !== Math.sign(qualities[i]! - qualities[j]!)),
	);
}
