import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { type ArtifactRef, SCHEMA_VERSION } from "../../core/records.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createFolderStore } from "./folder-store.ts";
import type { Store } from "./store.ts";

const lineage = { step: "test", inputs: {} };
let dir: string;
let store: Store;
beforeEach(() => {
	dir = temporaryFolder();
	store = createFolderStore(join(dir, "store"));
});

const objectPath = ({ sha256 }: ArtifactRef) => join(dir, "store/objects", sha256.slice(0, 2), sha256);

test("an exported file may be edited: the artifact stays, and the next export mends the file", async () => {
	const ref = await store.put("rows\n", lineage);
	const path = join(dir, "evaluations/dno-1.jsonl");
	await store.exportTo(ref, path);
	appendFileSync(path, "a note");
	expect(String(await store.get(ref))).toBe("rows\n");
	await store.exportTo(ref, path);
	expect(readFileSync(path, "utf8")).toBe("rows\n");
});

test("a file that was stored may be edited: the artifact stays", async () => {
	const path = join(dir, "weights");
	writeFileSync(path, "weights");
	const ref = await store.putFile(path, lineage);
	writeFileSync(path, "others!");
	expect(String(await store.get(ref))).toBe("weights");
});

test("a damaged artifact is neither read nor exported", async () => {
	const ref = await store.put("rows\n", lineage);
	writeFileSync(objectPath(ref), "rots\n");
	const path = join(dir, "out");
	for (const use of [() => store.get(ref), () => store.exportTo(ref, path)]) {
		await expect(use()).rejects.toThrow(`${objectPath(ref)}: an artifact's bytes do not match its name`);
	}
	expect(() => readFileSync(path)).toThrow("ENOENT");
});

test("a step is finished as long as everything it names is there, the weights of a policy's manifest included", async () => {
	const weights = await store.put("weights", lineage);
	const record = JSON.stringify({ schemaVersion: SCHEMA_VERSION, files: { "model.safetensors": weights } });
	const result = { policy: { name: "dno-1", manifest: await store.put(record, lineage) }, seconds: 1 };
	await store.recordStep("ab", { name: "train", inputs: {}, result });
	expect(await store.findStep("ab")).toEqual(result);
	expect(await store.findStep("cd")).toBeUndefined();
	rmSync(objectPath(weights));
	expect(await store.findStep("ab")).toBeUndefined();
});
