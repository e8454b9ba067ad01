import { beforeEach, describe, expect, test } from "vitest";
import { DnoError } from "../../../core/errors.ts";
import type { StoredReply } from "../../../core/judge-calls.ts";
import { storePlaces } from "../../../test/s3/store-places.ts";
import type { StoreFiles } from "../../store/store-files.ts";
import { checkVerdicts } from "./check-verdicts.ts";
import { createVerdictStore } from "./stored-verdicts.ts";
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

const places = await storePlaces();

describe.each(places)("a verdict store in a place of kind $kind", ({ kind, open }) => {
	let elsewhere: () => StoreFiles;
	let files: StoreFiles;
	let store: VerdictStore;
	beforeEach(() => {
		elsewhere = open();
		files = elsewhere();
		store = createVerdictStore(files);
	});
	const nameOf = (key: string) => `ab/${key}.json`;
	/** Another process's: what one has written or read itself it need not read again. */
	const findAnew = (key: string) => createVerdictStore(elsewhere()).find(key);

	test("what one store keeps another finds, and nothing else", async () => {
		await store.put(reply(KEY));
		const other = createVerdictStore(elsewhere());
		expect(await other.find(KEY)).toEqual(reply(KEY));
		expect(await other.find(OTHER)).toBeUndefined();
	});

	test("of many writers of one key one wins for good, and they leave nothing else behind", async () => {
		const texts = Array.from({ length: 20 }, (_, i) => String(i));
		const stores = texts.map(() => createVerdictStore(elsewhere()));
		await Promise.all(texts.map((text, i) => stores[i]!.put(reply(KEY, text))));
		const first = await store.find(KEY);
		await store.put(reply(KEY, "late"));
		for (const each of [store, ...stores]) expect(await each.find(KEY)).toEqual(first);
		const names: string[] = [];
		for await (const { name } of files.list("")) names.push(name);
		expect(names).toEqual([nameOf(KEY)]);
	});

	test("a damaged or misnamed file is one clear error, not a question that is paid for again", async () => {
		await store.put(reply(KEY));
		await files.write(nameOf(OTHER), (await files.read(nameOf(KEY)))!);
		await expect(findAnew(OTHER)).rejects.toThrow(
			`${files.pathOf(nameOf(OTHER))}: a stored verdict has another's name`,
		);
		const where = files.pathOf(nameOf(KEY));
		await files.write(nameOf(KEY), '{"schemaVersion":1,');
		await expect(findAnew(KEY)).rejects.toThrow(`${where}: a stored verdict is damaged`);
		await files.write(nameOf(KEY), JSON.stringify({ ...reply(KEY), cost: "free" }));
		await expect(findAnew(KEY)).rejects.toThrow(`${where}: a stored verdict is not what this version reads: cost:`);
		const { files: read, problems } = await checkVerdicts(elsewhere(), true);
		expect([read, problems.length]).toEqual([2, 2]);
		expect(await checkVerdicts(elsewhere(), true)).toEqual({ files: 0, bytes: 0, problems: [] });
		expect(await findAnew(KEY)).toBeUndefined();
	});

	test("a verdict with any byte changed is not taken for another one; those of older versions have no hash", async () => {
		await store.put(reply(KEY));
		const good = (await files.read(nameOf(KEY)))!;
		// The records are the same; requests take longer than system calls.
		for (let i = 0; i < good.length; i += kind === "S3" ? 11 : 1) {
			const bytes = Buffer.from(good);
			bytes[i]! ^= 1;
			await files.write(nameOf(KEY), bytes);
			const found = await findAnew(KEY).catch((error: unknown) => error);
			// White space between the keys is no part of a verdict.
			if (!(found instanceof DnoError)) expect(found).toEqual(reply(KEY));
		}
		await files.write(nameOf(KEY), JSON.stringify(reply(KEY)));
		expect(await findAnew(KEY)).toEqual(reply(KEY));
	});
});
