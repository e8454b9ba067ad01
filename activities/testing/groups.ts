import { type CandidateGroup, type Response, SCHEMA_VERSION, type Verdict } from "../../core/records.ts";

/** A prompt with `samples` samples of a policy, the teacher's answer and as many samples of the initial policy. */
export function group(promptId: string, samples: number): CandidateGroup {
	const response = (source: Response["source"], index: number): Response => ({
		schemaVersion: SCHEMA_VERSION,
		promptId,
		index,
		source,
		text: `${source} ${index}`,
		tokens: [index],
		finishReason: "stop",
	});
	const own = Array.from({ length: samples }, (_, index) => response("student", index));
	return {
		schemaVersion: SCHEMA_VERSION,
		promptId,
		prompt: promptId,
		promptTokens: [1],
		responses: [...own, response("teacher", 0), ...own],
	};
}

const base = { schemaVersion: SCHEMA_VERSION, key: "k", promptId: "p", judge: "test", order: [] as number[] } as const;

/** A verdict on all answers of a group, in its order. */
export function scores(given: readonly number[], correct?: readonly boolean[]): Verdict {
	const reasons = given.map(() => "");
	return { ...base, kind: "scores", scores: [...given], reasons, ...(correct && { correct: [...correct] }) };
}

/** A verdict that is none. */
export function failed(kind: "invalid" | "unjudged"): Verdict {
	return { ...base, kind, reason: `why it is ${kind}` };
}
