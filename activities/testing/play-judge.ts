import type { JudgeCall } from "../../core/judge-calls.ts";
import { type CandidateGroup, type Response, SCHEMA_VERSION, type Verdict } from "../../core/records.ts";
import type { Comparisons, ModelJudge, Outcome } from "../oracle/judges/judge.ts";

/** A prompt with these answers: the last one is the teacher's. */
export function answers(...texts: readonly string[]): CandidateGroup {
	const responses = texts.map(
		(text, index): Response => ({
			schemaVersion: SCHEMA_VERSION,
			promptId: "p",
			index,
			source: index < texts.length - 1 ? "student" : "teacher",
			text,
			tokens: [...text].map((each) => each.codePointAt(0)!),
			finishReason: "stop",
		}),
	);
	return { schemaVersion: SCHEMA_VERSION, promptId: "p", prompt: "Which is best?", promptTokens: [1], responses };
}

/** Makes a judge's calls, round by round, until it names none more. */
export function play(
	judge: Pick<ModelJudge, "calls" | "verdict">,
	group: CandidateGroup,
	answer: (call: JudgeCall) => Outcome,
	comparisons: Comparisons = "all",
): { readonly verdict: Verdict; readonly rounds: readonly (readonly JudgeCall[])[] } {
	const outcomes = new Map<string, Outcome>();
	const known = (key: string) => outcomes.get(key);
	const rounds: JudgeCall[][] = [];
	for (;;) {
		const calls = judge.calls(group, comparisons, known);
		if (calls.length === 0) return { verdict: judge.verdict(group, comparisons, known), rounds };
		rounds.push(calls);
		for (const call of calls) outcomes.set(call.key, answer(call));
	}
}

/** A judge that knows how good each answer is; better answers get higher scores, and win by what `sure` says. */
export function fairJudge(
	group: CandidateGroup,
	quality: (text: string) => number,
	sure: (better: number) => number = (better) => (1 + Math.sign(better)) / 2,
): (call: JudgeCall) => Outcome {
	return ({ shown, reply }) => {
		const scores = shown.map((i) => quality(group.responses[i]!.text));
		if (reply.kind === "scores") return { kind: "scores", scores, reasons: scores.map((each) => `worth ${each}`) };
		if (reply.kind === "rating") return { kind: "rating", score: scores[0]!, reason: `worth ${scores[0]}` };
		return { kind: "choice", first: sure(scores[0]! - scores[1]!), reason: "It is too short." };
	};
}
