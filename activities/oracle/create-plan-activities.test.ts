import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { summarizeCosts } from "../../core/cost.ts";
import type { JudgeCall } from "../../core/judge-calls.ts";
import { type ArtifactRef, SCHEMA_VERSION } from "../../core/records.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { toJsonLines } from "../store/json-lines.ts";
import type { Store } from "../store/store.ts";
import { group } from "../testing/groups.ts";
import { inActivity } from "../testing/in-activity.ts";
import { createFileLedger } from "./calls/file-ledger.ts";
import { createFolderVerdictStore } from "./calls/folder-verdict-store.ts";
import { estimateTokens } from "./calls/price.ts";
import { createPlanActivities } from "./create-plan-activities.ts";

const ORACLE = { kind: "listwise", model: "judge", baseURL: "http://127.0.0.1:9/v1", price: { input: 1, output: 1 } };
const PROMPTS = ["p0", "p1", "p2"];
const COST = 0.25;

let folder: string;
let store: Store;
beforeEach(() => {
	folder = temporaryFolder();
	store = createFolderStore(join(folder, "store"));
});

/** @param verdicts name of the verdict store's folder */
function activitiesOf(verdicts = "verdicts", over = store) {
	const ledger = createFileLedger(join(folder, "ledger.jsonl"));
	const kept = createFolderVerdictStore(join(folder, verdicts));
	return {
		...createPlanActivities({ store: over, folder, emit() {}, verdicts: kept, ledger }, () => {}),
		ledger,
		verdicts: kept,
	};
}

async function makeJob(oracle: object = ORACLE) {
	const put = (text: string) => store.put(text, { step: "test", inputs: {} });
	const candidates = [
		{
			parts: [await put(toJsonLines(PROMPTS.map((id) => group(id, 1))))],
			partSize: PROMPTS.length,
			count: PROMPTS.length,
		},
	];
	const place = { oracle: await put(JSON.stringify(oracle)), iteration: 1, line: "dno", stage: "rank" } as const;
	const progress = { done: 0, total: PROMPTS.length };
	return { ...place, candidates, from: 0, to: PROMPTS.length, progress, failures: [] };
}

async function readPlan(ref: ArtifactRef): Promise<JudgeCall[]> {
	const lines = new TextDecoder()
		.decode(await store.get(ref))
		.trim()
		.split("\n");
	return lines.map((line) => JSON.parse(line) as JudgeCall);
}

/** Plans, and has the first two prompts' calls answered. */
async function answerTwo({ planCalls, verdicts }: ReturnType<typeof activitiesOf>) {
	const job = await makeJob();
	const plan = await inActivity(() => planCalls(job));
	expect(plan).toMatchObject({ count: 3, known: 0 });
	const calls = await readPlan(plan.calls);
	const answered = calls.filter(({ promptId }) => promptId !== "p2");
	for (const { key } of answered) {
		await verdicts.put({
			...{ schemaVersion: SCHEMA_VERSION, key, judge: "judge", model: "judge", text: "{}", cost: COST },
			reading: { kind: "scores", scores: [1, 2], reasons: ["", ""] },
			usage: { input: 1, cachedInput: 0, output: 1 },
			at: "2026-01-01T00:00:00.000Z",
		});
	}
	const [refused] = calls.filter(({ promptId }) => promptId === "p2");
	return { job, refused: refused!.key };
}

test("questions that an earlier run's verdicts answer are known, also when the verdict store has gone", async () => {
	const activities = activitiesOf();
	const { job, refused } = await answerTwo(activities);
	const failures = [{ key: refused, kind: "unjudged", reason: "authentication: refused" }] as const;
	const made = { judged: 2, cost: 2 * COST };
	expect(await inActivity(() => activities.collectVerdicts({ ...job, failures, made }))).toMatchObject({ unjudged: 1 });
	// A judge that has answered is not locked out because it refuses what is left.
	for (const verdicts of ["verdicts", "others"]) {
		const plan = await inActivity(() => activitiesOf(verdicts).planCalls(job));
		expect(plan).toMatchObject({ count: 1, known: 2 });
		expect((await readPlan(plan.calls)).map(({ key }) => key)).toEqual([refused]);
	}
	const refusals = await inActivity(() => activitiesOf("others").planCalls({ ...job, failures }));
	expect(refusals).toMatchObject({ count: 0, known: 2 });
});

test("what the verdict store had is counted once, however many attempts it takes to put a chunk together", async () => {
	const { job, refused } = await answerTwo(activitiesOf());
	let attempts = 0;
	const dying: Store = {
		...store,
		async recordStep(...step) {
			if (++attempts === 1) throw new Error("killed");
			return store.recordStep(...step);
		},
	};
	const { collectVerdicts, ledger } = activitiesOf("verdicts", dying);
	const failures = [{ key: refused, kind: "unjudged", reason: "500" }] as const;
	const collect = (attempt: number) =>
		inActivity(() => collectVerdicts({ ...job, failures, made: { judged: 0, cost: 0 } }), { attempt });
	await expect(collect(1)).rejects.toThrow("killed");
	expect(await collect(2)).toMatchObject({ unjudged: 1 });
	const entries = await ledger.read();
	expect(entries.map(({ kind }) => kind)).toEqual(["repeated", "repeated"]);
	expect(summarizeCosts(entries).total).toMatchObject({ repeated: 2, saved: 2 * COST });
});

test("each call's tokens are told where the judge has a limit of them", async () => {
	const { planCalls } = activitiesOf();
	const [unlimited] = (await inActivity(async () => planCalls(await makeJob()))).judges;
	expect(unlimited).toEqual({ judge: "judge", from: 0, to: 3 });
	const plan = await inActivity(async () => planCalls(await makeJob({ ...ORACLE, tokensPerMinute: 1000 })));
	const estimates = (await readPlan(plan.calls)).map((call) => estimateTokens(call).input + call.maxTokens);
	expect(plan.judges).toEqual([{ judge: "judge", from: 0, to: 3, tokens: estimates }]);
});

test("a first turn of before goes with the call of its key, and not with a plan that has none", async () => {
	const activities = activitiesOf();
	const { job, refused } = await answerTwo(activities);
	const text = { sha256: "0".repeat(64), bytes: 1 };
	const repair = { key: refused, text, reason: "no JSON" };
	const repairs = [{ ...repair, key: "answered meanwhile" }, repair];
	const plan = await inActivity(() => activities.planCalls({ ...job, repairs }));
	expect(plan).toMatchObject({ count: 1, repairs: [{ ...repair, index: 0 }] });
});
