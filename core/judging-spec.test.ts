import { expect, test } from "vitest";
import { evaluationShape } from "../activities/evaluation/evaluate.ts";
import { judgingSpec } from "./judging-spec.ts";
import { oracleConfig } from "./oracle-config.ts";

const ranked = (candidates: number) => ({ candidates, comparisons: "all" as const });
const model = { model: "m", baseURL: "http://127.0.0.1:9/v1" };

test("a program judges in chunks of its own size", () => {
	const oracle = oracleConfig.parse({ kind: "verifier", module: "verifier.ts", chunkSize: 7, concurrency: 3 });
	expect(judgingSpec(oracle, [ranked(6)])).toEqual({ by: "program", chunkSize: 7, concurrency: 3 });
});

test("a chunk has about 500 calls, whichever kind and shape takes the most of them", () => {
	const chunk = (config: object, ...shapes: Parameters<typeof judgingSpec>[1]) =>
		judgingSpec(oracleConfig.parse({ ...model, ...config }), shapes).chunkSize;
	expect(chunk({ kind: "listwise" }, ranked(6))).toBe(500);
	expect(chunk({ kind: "score" }, ranked(6))).toBe(83);
	expect(chunk({ kind: "pairwise" }, ranked(6))).toBe(16);
	// Eight samples with the teacher and the seven others' of the initial policy: 128 calls beside the 6 of three candidates.
	expect(chunk({ kind: "pairwise" }, ranked(3), evaluationShape(8))).toBe(3);
	expect(chunk({ kind: "pairwise" }, ranked(60))).toBe(1);
});

test("batches are as large as they may be", () => {
	const oracle = oracleConfig.parse({
		...model,
		kind: "listwise",
		mode: "batch",
		batch: { maxCalls: 1500, pollSeconds: 5 },
	});
	expect(judgingSpec(oracle, [ranked(6)])).toMatchObject({
		chunkSize: 1500,
		judges: [{ name: "m", batch: { maxCalls: 1500, pollSeconds: 5 } }],
	});
});
