import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type CheckpointStore, createCheckpointStore } from "../activities/store/checkpoint-store.ts";
import { createFolderFiles } from "../activities/store/folder-files.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { carryCheckpoint } from "./carried-checkpoint.ts";

const newStore = () => createCheckpointStore(createFolderFiles(temporaryFolder()));

/** A host whose checkpoints are files that hold their number of steps. */
function host(checkpoints: CheckpointStore, now?: () => number) {
	const folder = temporaryFolder();
	const file = join(folder, "checkpoint");
	const troubles: string[] = [];
	const stepsOf = () => (existsSync(file) ? Number(readFileSync(file, "utf8")) : 0);
	const carried = carryCheckpoint({
		...{ checkpoints, step: "step", local: () => ({ file, steps: stepsOf() }) },
		onTrouble: (reason, failures) => troubles.push(`${failures}: ${reason}`),
		...(now && { now }),
	});
	const write = (steps: number) => {
		writeFileSync(`${file}.new`, String(steps));
		renameSync(`${file}.new`, file);
		carried.written();
	};
	return { ...{ carried, folder, troubles, stepsOf, write } };
}

test("what one host leaves, the next goes on from; its own is taken where it got further", async () => {
	const store = newStore();
	const [a, b] = [host(store), host(store)];
	await a.carried.arrive();
	expect(a.stepsOf()).toBe(0);
	a.write(10);
	a.write(20);
	await a.carried.leave();
	await b.carried.arrive();
	expect(b.stepsOf()).toBe(20);
	b.write(30);
	await b.carried.leave();
	// Back on the first one, whose own is older.
	await a.carried.arrive();
	expect(a.stepsOf()).toBe(30);
	// Killed before it could keep this one, and started again.
	writeFileSync(join(a.folder, "checkpoint"), "40");
	await a.carried.arrive();
	expect(a.stepsOf()).toBe(40);
	await a.carried.end();
	expect(await store.find("step")).toBeUndefined();
	for (const { folder, troubles } of [a, b]) {
		expect(readdirSync(folder)).toEqual(["checkpoint"]);
		expect(troubles).toEqual([]);
	}
});

test("a training that is never left keeps its checkpoints too, at most a tenth of the time", async () => {
	const store = newStore();
	let now = 0;
	const kept: number[] = [];
	const slow: CheckpointStore = {
		...store,
		async keep(step, file, steps) {
			await store.keep(step, file, steps);
			now += 5;
			kept.push(steps);
		},
	};
	const { carried, folder, write } = host(slow, () => now);
	const isAtRest = () => kept.length > 0 && readdirSync(folder).join() === "checkpoint";
	write(10);
	// While that one is on its way.
	write(15);
	await expect.poll(isAtRest).toBe(true);
	now += 49;
	write(20);
	expect(isAtRest()).toBe(true);
	now += 1;
	const writeAgain = () => {
		write(30);
		return kept;
	};
	await expect.poll(writeAgain).toEqual([10, 30]);
	expect((await store.find("step"))?.steps).toBe(30);
	await carried.end();
});

test("a place that cannot be written is told of, and keeps no training from going on", async () => {
	const store = newStore();
	const broken: CheckpointStore = {
		...store,
		keep: () => Promise.reject(new Error("no room")),
	};
	const { carried, troubles, write } = host(broken);
	write(10);
	await carried.leave();
	expect(troubles).toEqual(["1: no room", "2: no room"]);
	await carried.end();
});
