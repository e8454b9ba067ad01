import { mkdtempSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { StoredReply } from "../../../core/judge-calls.ts";
import { createFolderVerdictStore } from "./folder-verdict-store.ts";
import type { VerdictStore } from "./verdict-store.ts";

const KEY = "ab".repeat(32);
const OTHER = `ab${"cd".repeat(31)}`;
const reply = (key: string, text = "A"): StoredReply => ({
	schemaVersion: 1,
	key,
	judge: "judge",
	model: "model-1",
	reading: { kind: "choice", first: 1, reason: "" },
	text,
	usage: { input: 10, cachedInput: 0, output: 2 },
	cost: 0.25,
	at: "2026-01-01T00:00:00.000Z",
});

let folder: string;
let store: VerdictStore;
beforeEach(() => {
	folder = join(mkdtempSync(join(tmpdir(), "dno-verdicts-")), "verdicts");
	store = createFolderVerdictStore(folder);
});

test("what one store keeps another finds, and nothing else", async () => {
	await store.put(reply(KEY));
	const other = createFolderVerdictStore(folder);
	expect(await other.find(KEY)).toEqual(reply(KEY));
	expect(await other.find(OTHER)).toBeUndefined();
});

test("of many writers of one key one wins for good, and they leave nothing else behind", async () => {
	const texts = Array.from({ length: 20 }, (_, i) => String(i));
	const stores = texts.map(() => createFolderVerdictStore(folder));
	await Promise.all(texts.map((text, i) => stores[i]!.put(reply(KEY, text))));
	const first = await store.find(KEY);
	await store.put(reply(KEY, "late"));
	expect(await store.find(KEY)).toEqual(first);
	expect(readdirSync(join(folder, "ab"))).toEqual([`${KEY}.json`]);
});

test("a damaged or misnamed file is one clear error, not a question that is paid for again", async () => {
	await store.put(reply(KEY));
	const path = join(folder, "ab", `${KEY}.json`);
	const moved = join(folder, "ab", `${OTHER}.json`);
	renameSync(path, moved);
	await expect(store.find(OTHER)).rejects.toThrow(`${moved}: a stored verdict has another's name`);
	writeFileSync(path, '{"schemaVersion":1,');
	await expect(store.find(KEY)).rejects.toThrow(`${path}: a stored verdict is damaged`);
	writeFileSync(path, JSON.stringify({ ...reply(KEY), cost: "free" }));
	await expect(store.find(KEY)).rejects.toThrow(`${path}: a stored verdict is not what this version reads: cost:`);
});
