import { randomBytes } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { type ArtifactRef, SCHEMA_VERSION } from "../../core/records.ts";
import { storePlaces } from "../../test/s3/store-places.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { inActivity } from "../testing/in-activity.ts";
import { createStore } from "./artifact-store.ts";
import { checkStore } from "./check-store.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { durableStep } from "./durable-step.ts";
import { storeNames } from "./layout.ts";
import type { Store } from "./store.ts";
import type { StoreFiles } from "./store-files.ts";

const lineage = { step: "test", inputs: {} };
const places = await storePlaces();

describe.each(places)("a store in a place of kind $kind", ({ kind, open }) => {
	let dir: string;
	let elsewhere: () => StoreFiles;
	let files: StoreFiles;
	let store: Store;
	/** Of a machine that has nothing of it on its disk. */
	const other = () => createStore(elsewhere());
	beforeEach(() => {
		dir = temporaryFolder();
		elsewhere = open();
		files = elsewhere();
		store = createStore(files);
	});
	const nameOf = ({ sha256 }: ArtifactRef) => storeNames.object(sha256);
	const textOf = async (name: string) => {
		const bytes = await files.read(name);
		return bytes && new TextDecoder().decode(bytes);
	};

	test("an exported file may be edited: the artifact stays, and the next export mends the file", async () => {
		const ref = await store.put("rows\n", lineage);
		const path = join(dir, "evaluations/dno-1.jsonl");
		for (const each of [store, other()]) {
			await each.exportTo(ref, path);
			appendFileSync(path, "a note");
			expect(String(await each.get(ref))).toBe("rows\n");
			await each.exportTo(ref, path);
			expect(readFileSync(path, "utf8")).toBe("rows\n");
		}
	});

	test("a file that was stored may be edited: the artifact stays", async () => {
		const path = join(dir, "weights");
		writeFileSync(path, "weights");
		const ref = await store.putFile(path, lineage);
		writeFileSync(path, "others!");
		for (const each of [store, other()]) expect(String(await each.get(ref))).toBe("weights");
	});

	test("large weights go in and out byte by byte, a second time without being sent", async () => {
		const [from, to] = [join(dir, "weights"), join(dir, "out")];
		const bytes = randomBytes(37_000_001);
		writeFileSync(from, bytes);
		const ref = await store.putFile(from, lineage);
		expect(ref.bytes).toBe(bytes.length);
		expect(await other().putFile(from, lineage)).toEqual(ref);
		await other().exportTo(ref, to);
		expect(readFileSync(to).equals(bytes)).toBe(true);
		expect(await checkStore(elsewhere(), false)).toMatchObject({ files: 2, problems: [] });
	});

	test("of many writers of one artifact all succeed, and it is whole", async () => {
		const refs = await Promise.all(Array.from({ length: 16 }, () => other().put("rows\n".repeat(1000), lineage)));
		expect(new Set(refs.map(({ sha256 }) => sha256)).size).toBe(1);
		expect(String(await other().get(refs[0]!))).toBe("rows\n".repeat(1000));
	});

	test("a damaged artifact is neither read nor exported, but moved aside: then it is missing, and may be stored again", async () => {
		const ref = await store.put("rows\n", lineage);
		const path = join(dir, "out");
		const where = files.pathOf(nameOf(ref));
		const uses = [(each: Store) => each.get(ref), (each: Store) => each.exportTo(ref, path)];
		for (const use of uses) {
			await files.write(nameOf(ref), "rots\n");
			await expect(use(other())).rejects.toThrow(`${where}: an artifact's bytes do not match its name`);
			expect(await textOf(`damaged/${nameOf(ref)}`)).toBe("rots\n");
			await expect(use(other())).rejects.toThrow(`${where}: an artifact is missing from the store`);
			expect(await other().put("rows\n", lineage)).toEqual(ref);
			expect(String(await other().get(ref))).toBe("rows\n");
		}
	});

	test("what is stored again replaces a damaged artifact that nobody has read", async () => {
		const ref = await store.put("rows\n", lineage);
		await files.write(nameOf(ref), "rots\n");
		await store.put("rows\n", lineage);
		expect(String(await other().get(ref))).toBe("rows\n");
	});

	test("a step's record with any byte changed is no result", async () => {
		const result = { rows: await store.put("rows\n", lineage), unjudged: 10 };
		await store.recordStep("ab", { name: "judge", inputs: { from: 0 }, result });
		const name = storeNames.step("ab");
		const good = (await files.read(name))!;
		// The records are the same; requests take longer than system calls.
		for (let i = 0; i < good.length; i += kind === "S3" ? 11 : 1) {
			const bytes = Buffer.from(good);
			bytes[i]! ^= 1;
			await files.write(name, bytes);
			const found = await store.findStep("ab");
			// White space between the keys is no part of a record.
			if (found !== undefined) expect(found).toEqual(result);
			else expect(await files.stat(name)).toBeUndefined();
		}
		await files.write(name, good);
		expect(await other().findStep("ab")).toEqual(result);
	});

	test("a record of a version that wrote no hash is still found", async () => {
		await files.write(storeNames.step("ab"), JSON.stringify({ name: "x", inputs: {}, result: 3 }));
		expect(await store.findStep("ab")).toBe(3);
	});

	test("a step is finished as long as everything it names is there, the weights of a policy's manifest included", async () => {
		const weights = await store.put("weights", lineage);
		const record = JSON.stringify({ schemaVersion: SCHEMA_VERSION, files: { "model.safetensors": weights } });
		const result = { policy: { name: "dno-1", manifest: await store.put(record, lineage) }, seconds: 1 };
		await store.recordStep("ab", { name: "train", inputs: {}, result });
		expect(await store.findStep("ab")).toEqual(result);
		expect(await store.findStep("cd")).toBeUndefined();
		await files.write(nameOf(result.policy.manifest), "{}");
		expect(await other().findStep("ab")).toBeUndefined();
		await store.put(record, lineage);
		expect(await other().findStep("ab")).toEqual(result);
		await files.remove(nameOf(weights));
		expect(await other().findStep("ab")).toBeUndefined();
	});

	test("text that is made as it is written is the same artifact; where making it fails nothing stays", async () => {
		const parts = async function* (last: () => string) {
			yield "rows\n";
			yield last();
		};
		const ref = await store.putStream(
			parts(() => "more\n"),
			lineage,
		);
		expect(ref).toEqual(await store.put("rows\nmore\n", lineage));
		expect(String(await other().get(ref))).toBe("rows\nmore\n");
		const failing = parts(() => {
			throw new Error("no more");
		});
		await expect(store.putStream(failing, lineage)).rejects.toThrow("no more");
		const names: string[] = [];
		for await (const { name } of files.list("objects")) names.push(name);
		expect(names.toSorted()).toEqual([nameOf(ref), storeNames.lineage(ref.sha256)].toSorted());
	});

	test("garbage is what no step comes from or leads to, and what is old: nothing young goes, nor what is stored again", async () => {
		const workflowId = "c-1/run";
		const step = (name: string, from: ArtifactRef | undefined, text: string) =>
			inActivity(() => durableStep(store, name, { from }, async (put) => ({ made: await put(text) })), { workflowId });
		const first = await step("sample", undefined, "candidates");
		const second = await step("judge", first.made, "verdicts");
		const torn = await inActivity(() => store.put("of a step that was killed", { ...lineage, step: "sample" }));
		const rules = { isLive: () => true, graceMs: 3_600_000, dryRun: false };
		expect(await collectGarbage(files, rules)).toEqual([]);
		// As if an hour had passed: S3 dates by the second.
		const later = { ...rules, graceMs: -1_500 };
		expect(await collectGarbage(files, { ...later, dryRun: true })).toHaveLength(1);
		expect(await collectGarbage(files, later)).toEqual([
			{ kind: "artifact", path: files.pathOf(nameOf(torn)), bytes: torn.bytes },
		]);
		expect(await files.stat(storeNames.lineage(torn.sha256))).toBeUndefined();
		for (const { made } of [first, second]) expect(await files.stat(nameOf(made))).toBeDefined();
		const gone = await collectGarbage(files, { ...later, isLive: () => false });
		expect(gone.map(({ kind }) => kind)).toEqual(["step", "step", "artifact", "artifact"]);
		expect(await checkStore(files, false)).toEqual({ files: 0, bytes: 0, problems: [] });
	});

	test("a check reads every byte, names what is wrong, and a repair moves it away", async () => {
		const ref = await store.put("rows\n", lineage);
		const inputs = { from: 0 };
		const { rows } = await inActivity(() =>
			durableStep(store, "judge", inputs, async (put) => ({ rows: await put("1\n") })),
		);
		expect(await checkStore(elsewhere(), false)).toMatchObject({ files: 5, problems: [] });
		await files.write(nameOf(rows), "2\n");
		await files.write(storeNames.lineage(ref.sha256), "{");
		const { problems } = await checkStore(elsewhere(), true);
		expect(problems.map(({ what }) => what.split(":")[0])).toEqual([
			"an artifact's bytes do not match its name",
			"what says where an artifact comes from is not JSON",
			"step judge names an artifact that is missing or damaged",
		]);
		for (const { movedTo } of problems) expect(movedTo).toContain("/damaged/");
		expect(await checkStore(elsewhere(), false)).toMatchObject({ problems: [] });
	});
});
