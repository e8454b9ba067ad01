import { expect, test } from "vitest";
import { type CandidateGroup, type Response, SCHEMA_VERSION, type Verdict } from "../../core/records.ts";
import { withAutomaticNegatives } from "./automatic-negatives.ts";
import type { Oracle } from "./oracle.ts";

function group(...reasons: Response["finishReason"][]): CandidateGroup {
	const response = (finishReason: Response["finishReason"], index: number): Response => ({
		...{ schemaVersion: SCHEMA_VERSION, promptId: "p", index, source: "student", text: `answer ${index}` },
		...{ tokens: [1], finishReason },
	});
	return {
		schemaVersion: SCHEMA_VERSION,
		promptId: "p",
		prompt: "?",
		promptTokens: [1],
		responses: reasons.map(response),
	};
}

/** Scores by the number in the text; shows the candidates in reverse order. */
const asked: string[][] = [];
const oracle: Oracle = withAutomaticNegatives({
	name: "numbers",
	fingerprint: "0",
	async judge({ responses }): Promise<Verdict> {
		asked.push(responses.map(({ text }) => text));
		const base = { schemaVersion: SCHEMA_VERSION as typeof SCHEMA_VERSION, key: "k", promptId: "p", judge: "numbers" };
		const order = [...responses.keys()].reverse();
		const scores = responses.map(({ text }) => Number(text.split(" ")[1]));
		return { ...base, order, kind: "scores", scores, reasons: scores.map(String), correct: scores.map(() => true) };
	},
});

test("loops lose without being judged, and the others' places stay", async () => {
	expect(await oracle.judge(group("stop", "repetition", "length", "repetition", "stop"))).toMatchObject({
		order: [4, 2, 0],
		scores: [0, -1, 2, -1, 4],
		reasons: ["0", "repeats itself", "2", "repeats itself", "4"],
		correct: [true, false, true, false, true],
	});
	expect(asked.pop()).toEqual(["answer 0", "answer 2", "answer 4"]);
});

test("without loops, or with nothing else, the oracle judges as ever", async () => {
	expect(await oracle.judge(group("stop", "length"))).toMatchObject({ order: [1, 0], scores: [0, 1] });
	expect(await oracle.judge(group("repetition", "repetition"))).toMatchObject({ order: [1, 0], scores: [0, 1] });
});
