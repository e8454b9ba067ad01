import { beforeEach, describe, expect, test } from "vitest";
import { storePlaces } from "../../../test/s3/store-places.ts";
import type { StoreFiles } from "../../store/store-files.ts";
import { checkSegments } from "./check-segments.ts";
import { createSegmentLedger } from "./segment-ledger.ts";
import { reserved, settled, testLedger } from "./testing/ledger-contract.ts";

const places = await storePlaces();

const cases = places.flatMap((place) => (place.kind === "S3" ? [16] : [1, 16]).map((lanes) => ({ ...place, lanes })));

describe.each(cases)("a ledger in a place of kind $kind, with $lanes lanes", ({ open, lanes }) => {
	let elsewhere: () => StoreFiles;
	const ledgerOf = () => createSegmentLedger(elsewhere(), lanes);
	beforeEach(() => {
		elsewhere = open();
	});

	const namesIn = async (files: StoreFiles, folder: string) => {
		const names: string[] = [];
		for await (const { name } of files.list(folder)) names.push(name);
		return names;
	};

	testLedger(ledgerOf, 24);

	test("who begins late reads sums and what came after them, and agrees", async () => {
		const [one, two] = [ledgerOf(), ledgerOf()];
		for (let i = 0; i < 300; i++)
			await one.append(i % 3 === 0 ? reserved(String(i), 4) : settled(String(i - (i % 3)), 1));
		await two.append(reserved("last", 2));
		const read = new Set<string>();
		const files = elsewhere();
		const late = createSegmentLedger(
			{
				...files,
				read: (name) => {
					read.add(name);
					return files.read(name);
				},
			},
			lanes,
		);
		const state = await one.state();
		expect(state).toEqual({ spent: 100 * 1 + 2 });
		for (const ledger of [two, late]) expect(await ledger.state()).toEqual(state);
		expect(await late.spentUpTo("last")).toBe(102);
		expect(await late.isOpen("last")).toBe(true);
		expect(read.size).toBeLessThan(100);
		expect(await late.read()).toHaveLength(301);
	});

	test("an entry whose answer was lost is found again, and counts once", async () => {
		const files = elsewhere();
		const ledger = createSegmentLedger(
			{
				...files,
				// The first try was stored, its answer cut; the second one finds something there.
				writeFirst: async (name, content) => {
					await files.writeFirst(name, content);
					return files.writeFirst(name, content);
				},
			},
			lanes,
		);
		await ledger.append(reserved("a", 3));
		await ledger.append(reserved("b", 4));
		expect(await ledger.state()).toEqual({ spent: 7 });
		expect(await ledgerOf().read()).toEqual([reserved("a", 3), reserved("b", 4)]);
	});

	test("a damaged segment is one clear error; a repair moves it away and leaves no gap", async () => {
		const files = elsewhere();
		const ledger = ledgerOf();
		for (const entry of [reserved("a", 3), reserved("b", 4), reserved("c", 5)]) await ledger.append(entry);
		const name = (await namesIn(files, "segments"))[1]!;
		await files.write(name, "{");
		await expect(ledgerOf().state()).rejects.toThrow(`${files.pathOf(name)}: a part of the ledger is damaged`);
		expect(await checkSegments(files, true)).toMatchObject({ files: 3, problems: [{ path: files.pathOf(name) }] });
		expect(await checkSegments(files, false)).toMatchObject({ files: 3, problems: [] });
		expect(await ledgerOf().state()).toEqual({ spent: 8 });
	});

	test("what one writer appends is read in that order, whatever its clock says", async () => {
		const ledger = ledgerOf();
		const entries = [2, 1, 3, 2].map((hour, i) => ({
			...reserved(String(i), 1),
			at: `2026-01-01T0${hour}:00:00.000Z`,
		}));
		for (const entry of entries) await ledger.append(entry);
		expect(await ledgerOf().read()).toEqual(entries);
	});

	test("a missing segment is found, and a repair makes what comes after it count", async () => {
		const files = elsewhere();
		const ledger = ledgerOf();
		for (const entry of [reserved("a", 3), reserved("b", 4), reserved("c", 5)]) await ledger.append(entry);
		const name = (await namesIn(files, "segments"))[1]!;
		await files.remove(name);
		expect(await ledgerOf().state()).toEqual({ spent: 3 });
		const what = "a part of the ledger is missing, and what comes after it in its lane is not counted";
		const problem = { path: files.pathOf(name), what };
		expect(await checkSegments(files, false)).toMatchObject({ files: 2, problems: [problem] });
		expect(await checkSegments(files, true)).toMatchObject({ files: 2, problems: [problem] });
		expect(await checkSegments(files, false)).toMatchObject({ files: 3, problems: [] });
		expect(await ledgerOf().state()).toEqual({ spent: 8 });
	});

	test.runIf(lanes > 1)(
		"damaged sums make for more to read and are found, like those of segments that are not there",
		async () => {
			const files = elsewhere();
			const ledger = ledgerOf();
			const each = 256 / lanes;
			for (let i = 0; i < 2 * each; i++) await ledger.append(reserved(String(i), 1));
			const [latest, older] = await namesIn(files, "sums");
			const whole = (await files.read(latest!))!;
			await files.write(latest!, whole.subarray(0, 20));
			expect(await ledgerOf().state()).toEqual({ spent: 2 * each });
			const damaged = { path: files.pathOf(latest!), what: "a part of the ledger is damaged" };
			expect(await checkSegments(files, false)).toMatchObject({ files: 2 * each + 2, problems: [damaged] });
			const last = (await namesIn(files, "segments")).at(-1)!;
			await files.write(latest!, whole);
			await files.remove(last);
			const ahead = { path: files.pathOf(latest!), what: "sums count segments of the ledger that are not there" };
			expect(await checkSegments(files, true)).toMatchObject({ problems: [{ ...ahead, movedTo: expect.anything() }] });
			expect(await namesIn(files, "sums")).toEqual([older]);
			expect(await checkSegments(files, false)).toMatchObject({ problems: [] });
			expect(await ledgerOf().state()).toEqual({ spent: 2 * each - 1 });
		},
	);

	test.runIf(lanes > 1)("while one lane cannot be read, no segment of a slower one is taken twice", async () => {
		const files = elsewhere();
		const others = Array.from({ length: 12 }, ledgerOf);
		for (const [i, other] of others.entries()) await other.append(reserved(`before-${i}`, 1));
		const used = new Set((await namesIn(files, "segments")).map((name) => name.split("/")[1]!));
		const [broken, ...slow] = [...used];
		if (slow.length === 0) throw new Error("twelve writers have drawn the same lane");
		const release = Promise.withResolvers<void>();
		let isAway = true;
		let readers = 0;
		const late = createSegmentLedger(
			{
				...files,
				async read(name) {
					const lane = name.split("/")[1]!;
					if (lane === broken && isAway) throw new Error("S3 cannot be reached");
					if (!slow.includes(lane) || !name.endsWith("/000000000001.json")) return await files.read(name);
					// Until whoever comes next reads the same segments.
					if (++readers > slow.length) release.resolve();
					await release.promise;
					return await files.read(name);
				},
			},
			lanes,
		);
		const failed = expect(late.state()).rejects.toThrow("S3 cannot be reached");
		const again = late.state().catch(() => {});
		await expect.poll(() => readers).toBeGreaterThanOrEqual(slow.length);
		setTimeout(release.resolve, 50);
		await failed;
		await again;
		isAway = false;
		for (const [i, other] of others.entries()) await other.append(reserved(`after-${i}`, 1));
		// Who runs ahead in a lane sees nothing of what comes next there.
		expect(await late.state()).toEqual({ spent: 24 });
	});
});
