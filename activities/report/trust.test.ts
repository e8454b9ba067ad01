import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { campaignConfig } from "../../core/config.ts";
import { oracleConfig } from "../../core/oracle-config.ts";
import type { CandidateGroup, Verdict } from "../../core/records.ts";
import type { IterationRecord } from "../../core/steps.ts";
import { base, choice, question } from "../../core/testing/judged.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { toJsonLines } from "../store/json-lines.ts";
import { group } from "../testing/groups.ts";
import { inActivity } from "../testing/in-activity.ts";
import { campaignTrust } from "./trust.ts";

const folder = mkdtempSync(join(tmpdir(), "dno-trust-"));
afterAll(() => rmSync(folder, { recursive: true }));
const store = createFolderStore(folder);
const put = (records: readonly unknown[]) => store.put(toJsonLines(records), { step: "test", inputs: {} });

function config(oracle: object) {
	return {
		oracle: oracleConfig.parse(oracle),
		policy: campaignConfig.shape.policy.parse({ model: "m", family: "llama" }),
		prompts: campaignConfig.shape.prompts.parse({
			...{ train: "a", validation: "b", heldOut: "c", perIteration: 1, teacherFamily: "gpt" },
		}),
	};
}

const JUDGE = { kind: "pairwise", model: "j", family: "gpt" };

/** One sample and the teacher's answer. */
function pairOf(id: string): CandidateGroup {
	const made = group(id, 1);
	return { ...made, responses: made.responses.slice(0, 2) };
}

/** Says that the teacher's answer, the second one, is better in both orders. */
const forTeacher: Verdict = {
	...{ ...base, kind: "preferences", judge: "j", reasons: ["", ""] },
	preferences: [
		[0.5, 0],
		[1, 0.5],
	],
	asked: [question([0, 1], choice(0)), question([1, 0], choice(1))],
};
const unjudged: Verdict = { ...base, kind: "unjudged", judge: "j", reason: "" };

async function record(chunks: readonly (readonly Verdict[])[]): Promise<IterationRecord> {
	const ids = chunks.flat().map((_, i) => `p${i}`);
	const candidates = [{ parts: [await put(ids.map(pairOf))], partSize: ids.length, count: ids.length }];
	const verdicts = await Promise.all(chunks.map(put));
	return { judged: [{ candidates, verdicts }] } as unknown as IterationRecord;
}

test("all iterations' verdicts count, each read once", async () => {
	const records = [
		{} as IterationRecord,
		await record([[forTeacher, unjudged], [forTeacher]]),
		await record([[forTeacher]]),
	];
	const read = () => inActivity(() => campaignTrust(store, records, config(JUDGE)));
	const first = await read();
	expect(first).toMatchObject([
		{
			...{ judge: "j", family: "gpt", prompts: 4, questions: 6 },
			figures: { ownFamily: { value: 1, n: 3 }, unjudged: { value: 0.25 }, swapAgreement: { value: 1, n: 3 } },
		},
	]);
	expect(first[0]!.figures).not.toHaveProperty("accuracy");
	// What has been counted is not read again.
	const reader = { ...store, get: () => Promise.reject(new Error("read again")) };
	expect(await inActivity(() => campaignTrust(reader, records, config(JUDGE)))).toEqual(first);
});

test("a program has no figures, nor has a campaign that judged nothing yet", async () => {
	const nothing = [{} as IterationRecord];
	expect(await campaignTrust(store, nothing, config({ kind: "verifier", module: "v.ts" }))).toEqual([]);
	expect(await campaignTrust(store, nothing, config(JUDGE))).toEqual([]);
});
