import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFolderStore } from "../../activities/store/folder-store.ts";
import { readJsonLines } from "../../activities/store/json-lines.ts";
import type { CampaignConfig } from "../../core/config.ts";
import { prompt } from "../../core/records.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openWorkspace } from "../workspace/workspace.ts";
import { campaignsOfNights, endNight, type NightFile } from "./night-files.ts";
import { nightOf } from "./take-night.ts";

function lines(from: number, to: number): string {
	const numbers = Array.from({ length: to - from }, (_, i) => from + i);
	return numbers.map((n) => `${JSON.stringify({ id: `p${n}`, prompt: `Prompt ${n}`, gold: "yes" })}\n`).join("");
}

async function setUp(count: number, seed = 0) {
	const workspace = await openWorkspace(temporaryFolder());
	const store = createFolderStore(workspace.store);
	const train = join(workspace.directory, "train.jsonl");
	writeFileSync(train, lines(0, count));
	const config = { seed, prompts: { train, perIteration: 2 } } as CampaignConfig;
	return {
		...{ workspace, train },
		take: (run: string, iterations = 2) => nightOf(workspace, store, { schedule: "s", iterations, run }, config),
		idsOf: async ({ prompts }: NightFile) => (await readJsonLines(store, prompts, prompt)).map(({ id }) => id),
	};
}

test("nights get prompts that no earlier one had, in an order of the seed's and the night's", async () => {
	const { take, idsOf } = await setUp(8);
	const first = await take("a");
	const second = await take("b");
	expect([first.number, second.number]).toEqual([1, 2]);
	const ids = [...(await idsOf(first)), ...(await idsOf(second))];
	expect(ids.toSorted()).toEqual(Array.from({ length: 8 }, (_, n) => `p${n}`));
	const other = await setUp(8);
	expect(await other.idsOf(await other.take("c"))).toEqual(await idsOf(first));
	const reseeded = await setUp(8, 1);
	expect(await reseeded.idsOf(await reseeded.take("d"))).not.toEqual(await idsOf(first));
});

test("a run that asks again has the same night", async () => {
	const { take } = await setUp(8);
	const night = await take("a");
	await take("b");
	expect(await take("a")).toEqual(night);
});

test("runs that ask in the same moment have different nights", async () => {
	const { take, idsOf } = await setUp(16);
	const nights = await Promise.all(["a", "b", "c", "d"].map((run) => take(run)));
	expect(nights.map(({ number }) => number).toSorted()).toEqual([1, 2, 3, 4]);
	expect(new Set((await Promise.all(nights.map(idsOf))).flat()).size).toBe(16);
});

test("a last night may be shorter; then the prompts are used up until the file grows, whatever old ones are called", async () => {
	const { take, train, idsOf } = await setUp(7);
	expect((await take("a")).iterations).toBe(2);
	expect((await take("b")).iterations).toBe(1);
	await expect(take("c")).rejects.toThrow(
		`${train}: the earlier nights have used up the training prompts: an iteration needs 2 fresh ones. got 1`,
	);
	writeFileSync(train, lines(0, 7).replaceAll('"id":"p', '"id":"q') + lines(7, 10));
	const ids = await idsOf(await take("c"));
	expect(ids).toHaveLength(4);
	expect(ids.filter((id) => id.startsWith("q"))).toHaveLength(1);
});

test("a night begins with what the last one that has ended leaves", async () => {
	const { workspace, take } = await setUp(10);
	expect((await take("a", 1)).initialPolicy).toBeUndefined();
	const policy = { name: "dno-1", manifest: { sha256: "0".repeat(64), bytes: 1 } };
	const end = { schemaVersion: 1, endedAt: "2026-01-01T00:00:00.000Z", finishedIterations: 1 } as const;
	await endNight(workspace, "s", 1, { ...end, state: "finished", policy });
	expect((await take("b", 1)).initialPolicy).toEqual(policy);
	// Its steps are needed, also where its folder is deleted.
	expect(await campaignsOfNights(workspace)).toHaveLength(2);
	// The second runs still.
	expect((await take("c", 1)).initialPolicy).toEqual(policy);
});
