import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { storePlaces } from "../../test/s3/store-places.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { type CheckpointStore, createCheckpointStore } from "./checkpoint-store.ts";
import { storeNames } from "./layout.ts";
import type { StoreFiles } from "./store-files.ts";

const places = await storePlaces();

describe.each(places)("checkpoints in a place of kind $kind", ({ open }) => {
	let dir: string;
	let files: StoreFiles;
	let here: CheckpointStore;
	let elsewhere: CheckpointStore;
	beforeEach(() => {
		dir = temporaryFolder();
		const machine = open();
		files = machine();
		here = createCheckpointStore(files);
		elsewhere = createCheckpointStore(machine());
	});
	const file = (content: string) => {
		const path = join(dir, "checkpoint");
		writeFileSync(path, content);
		return path;
	};
	const names = async () => {
		const found: string[] = [];
		for await (const { name } of files.list("")) found.push(name);
		return found;
	};

	test("another machine finds the one that got furthest, and nothing else is kept", async () => {
		await here.keep("step", file("of 10 steps"), 10);
		await here.keep("step", file("of 20 steps"), 20);
		// A host that was given up, and does not know it.
		await elsewhere.keep("step", file("of 15 steps"), 15);
		const found = (await elsewhere.find("step"))!;
		expect(found.steps).toBe(20);
		const to = join(dir, "taken");
		expect(await elsewhere.fetch(found, to)).toBe(true);
		expect(readFileSync(to, "utf8")).toBe("of 20 steps");
		expect(await names()).toHaveLength(2);
		expect(await here.find("another step")).toBeUndefined();
		await here.forget("step");
		await here.forget("step");
		expect(await names()).toEqual([]);
	});

	test("one that is damaged or gone is not taken", async () => {
		await here.keep("step", file("whole"), 10);
		const found = (await here.find("step"))!;
		await files.write(storeNames.object(found.sha256), "hole!");
		const to = file("own");
		expect(await elsewhere.fetch(found, to)).toBe(false);
		await files.remove(storeNames.object(found.sha256));
		expect(await elsewhere.fetch(found, to)).toBe(false);
		expect(readFileSync(to, "utf8")).toBe("own");
		await files.write("step.json", "{");
		expect(await elsewhere.find("step")).toBeUndefined();
	});
});
