import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { config } from "../../cli/testing/events.ts";
import { rangeOf } from "../../core/prompt-range.ts";
import { type ArtifactRef, verdict } from "../../core/records.ts";
import type { CandidateSet } from "../../core/steps.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { readJsonLines, toJsonLines } from "../store/json-lines.ts";
import type { Store } from "../store/store.ts";
import { group } from "../testing/groups.ts";
import { inActivity } from "../testing/in-activity.ts";
import { createFileLedger } from "./calls/file-ledger.ts";
import { createFolderVerdictStore } from "./calls/folder-verdict-store.ts";
import { createJudgeActivities } from "./create-judge-activities.ts";

// Refuses the prompts that the test names, and writes down whom it was asked about.
const VERIFIER = `
export function verify({ prompt }) {
	globalThis.asked.push(prompt);
	if (globalThis.refused.includes(prompt)) throw new Error("out of order");
	return { score: 1 };
}
`;
const oracle = globalThis as unknown as { asked: string[]; refused: string[] };

/** Three prompts in two parts, and the activities that judge them. */
async function makeJudging(p = "p") {
	const folder = mkdtempSync(join(tmpdir(), "dno-judge-"));
	writeFileSync(join(folder, "verifier.ts"), VERIFIER);
	const store = createFolderStore(join(folder, "store"));
	const put = (text: string) => store.put(text, { step: "test", inputs: {} });
	const dependencies = {
		...{ store, folder, emit() {} },
		verdicts: createFolderVerdictStore(join(folder, "verdicts")),
		ledger: createFileLedger(join(folder, "ledger.jsonl")),
	};
	const { judgeChunk, joinVerdicts } = createJudgeActivities(dependencies);
	const parts = [[`${p}0`, `${p}1`], [`${p}2`]].map((ids) => put(toJsonLines(ids.map((id) => group(id, 1)))));
	const candidates = [{ parts: await Promise.all(parts), partSize: 2, count: 3 }];
	const oracleConfig = await put(JSON.stringify(config.oracle));
	const place = { oracle: oracleConfig, iteration: 1, line: "dno", stage: "rank" } as const;
	const job = { ...place, candidates, from: 0, to: 3, progress: { done: 0, total: 3 } };
	return { dependencies, store, judgeChunk, joinVerdicts, job };
}

test("a later run tries what was unjudged again, and nothing else", async () => {
	const { store, judgeChunk, job } = await makeJudging();
	const judge = async (refused: string[]) => {
		[oracle.asked, oracle.refused] = [[], refused];
		const { verdicts, unjudged } = await inActivity(() => judgeChunk(job));
		const kinds = (await readJsonLines(store, verdicts, verdict)).map(({ kind }) => kind);
		return { kinds, unjudged, asked: [...new Set(oracle.asked)] };
	};

	const first = { kinds: ["scores", "unjudged", "unjudged"], unjudged: 2, asked: ["p0", "p1", "p2"] };
	expect(await judge(["p1", "p2"])).toEqual(first);
	expect(await judge(["p2"])).toEqual({ kinds: ["scores", "scores", "unjudged"], unjudged: 1, asked: ["p1", "p2"] });
	expect(await judge([])).toEqual({ kinds: ["scores", "scores", "scores"], unjudged: 0, asked: ["p2"] });
	expect(await judge(["p0"])).toEqual({ kinds: ["scores", "scores", "scores"], unjudged: 0, asked: [] });
});

test("a chunk whose candidates come slowly from the store is heard of while they are read", async () => {
	// Of candidates that this process has not read before.
	const { dependencies, job } = await makeJudging("slow");
	[oracle.asked, oracle.refused] = [[], []];
	vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
	onTestFinished(() => void vi.useRealTimers());
	const store: Store = {
		...dependencies.store,
		async get(ref) {
			await vi.advanceTimersByTimeAsync(5_000);
			return await dependencies.store.get(ref);
		},
	};
	let heard = 0;
	const { judgeChunk } = createJudgeActivities({ ...dependencies, store });
	const onHeartbeat = () => {
		if (oracle.asked.length === 0) heard++;
	};
	await inActivity(() => judgeChunk(job), { onHeartbeat });
	expect(heard).toBeGreaterThan(0);
});

test("chunks that lie across parts, joined, are the verdicts of the whole", async () => {
	const { store, judgeChunk, joinVerdicts, job } = await makeJudging();
	oracle.refused = [];
	const set: CandidateSet = job.candidates[0]!;
	const judged = async (from: number, to: number): Promise<ArtifactRef> => {
		const range = rangeOf(set, from, to);
		const chunk = { ...job, candidates: [range.set], from: range.from, to: range.to };
		return (await inActivity(() => judgeChunk(chunk))).verdicts;
	};
	const whole = await judged(0, 3);
	const joined = await inActivity(async () => joinVerdicts({ verdicts: [await judged(0, 1), await judged(1, 3)] }));
	expect(joined).toEqual(whole);
	const ids = (await readJsonLines(store, joined, verdict)).map(({ promptId }) => promptId);
	expect(ids).toEqual(["p0", "p1", "p2"]);
	expect(rangeOf(set, 2, 3)).toMatchObject({ from: 0, to: 1, set: { parts: [set.parts[1]] } });
});
