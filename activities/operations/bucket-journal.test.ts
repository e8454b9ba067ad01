import { describe, expect, test } from "vitest";
import type { Operation } from "../../core/operations.ts";
import { storePlaces } from "../../test/s3/store-places.ts";
import { createBucketJournal } from "./bucket-journal.ts";

const at = "2026-01-01T00:00:00.000Z";
const pause = (reason: string): Operation => ({ schemaVersion: 1, at, kind: "pause", reason });

describe.each(await storePlaces())("a journal that machines share, on $kind", (place) => {
	test("has what any of them has appended, in that order", async () => {
		const open = place.open();
		expect(await createBucketJournal(open()).read()).toEqual([]);
		const entries = Array.from({ length: 12 }, (_, i) => pause(String(i)));
		for (const entry of entries) await createBucketJournal(open()).append(entry);
		expect(await createBucketJournal(open()).read()).toEqual(entries);
	});

	test("loses nothing that is appended at once", async () => {
		const open = place.open();
		const reasons = ["a", "b", "c", "d"];
		await Promise.all(reasons.map((reason) => createBucketJournal(open()).append(pause(reason))));
		const read = await createBucketJournal(open()).read();
		expect(read.map((each) => each.kind === "pause" && each.reason).toSorted()).toEqual(reasons);
	});

	test("a file that is no operation is an error that names it", async () => {
		const open = place.open();
		await createBucketJournal(open()).append(pause("lunch"));
		await open().write("00000002.json", '{"kind":"fly"}');
		await expect(createBucketJournal(open()).read()).rejects.toThrow(/00000002\.json: not an operation/);
		await open().write("00000002.json", "{");
		await expect(createBucketJournal(open()).read()).rejects.toThrow(/00000002\.json: not JSON/);
	});
});
