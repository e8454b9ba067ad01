import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { DnoError } from "../../../core/errors.ts";
import { type LedgerEntry, ledgerEntry } from "../../../core/ledger-entry.ts";
import { inParallel } from "../../store/in-parallel.ts";
import type { StoreFiles } from "../../store/store-files.ts";
import { createLaneTotals, laneSums } from "./lane-totals.ts";
import type { Ledger } from "./ledger.ts";

/** Entries that were appended together; `id` is drawn by the writer, who knows its own by it. */
const segmentFile = z.strictObject({ id: z.string(), entries: z.array(ledgerEntry) });
export type Segment = z.infer<typeof segmentFile>;
/** What the segments up to these numbers, one a lane, add up to. */
const sumsFile = z.strictObject({ positions: z.array(z.int().nonnegative()), sums: laneSums });
type Sums = z.infer<typeof sumsFile>;

/** How many writers need not wait for one another. A reader asks for the next segment of each. */
const LANES = 16;
/** Sums are kept after every so many segments: who begins reads them and what comes after, instead of all. */
const SUMS_EVERY = 256;
/** Segments of a lane read at a time by one who is behind. */
const MOST_AHEAD = 32;
const PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 160;

/** Folder of the segments. */
export const SEGMENTS = "segments";
/** Folder of the sums. */
export const SUMS = "sums";
const LAST = 10 ** 12;

/** The name of a lane's segment of a number, from 1 on. */
export function segmentName(lane: number, number: number): string {
	return `${SEGMENTS}/${String(lane).padStart(2, "0")}/${String(number).padStart(12, "0")}.json`;
}

/** The latest comes first where names are listed. */
function sumsName(segments: number): string {
	return `${SUMS}/${String(LAST - segments).padStart(12, "0")}.json`;
}

/**
 * A ledger for workers of several machines: lanes of numbered files, each written only where none of its number is there. So
 * all agree on the order in a lane, whoever comes second reads what has come before and takes the next number, and nobody
 * needs a lock. A process writes to one lane, drawn by chance; its entries that wait for the file before them are the next
 * one together.
 *
 * @param files the ledger's own place
 * @param lanes as all others have it
 */
export function createSegmentLedger(files: StoreFiles, lanes = LANES): Ledger {
	const all = Array.from({ length: lanes }, (_, lane) => lane);
	const own = randomInt(lanes);
	let totals = createLaneTotals(lanes);
	/** Numbers of each lane's last segment that is in the totals. */
	let positions = all.map(() => 0);
	let hasBegun = false;
	let waiting: LedgerEntry[] = [];
	let next: Promise<void> | undefined;
	/** One reader or writer of this process at a time: each goes on where the one before stopped. */
	let last: Promise<unknown> = Promise.resolve();
	const afterLast = <T>(work: () => Promise<T>): Promise<T> => {
		const working = last.then(work);
		last = working.catch(() => {});
		return working;
	};

	const take = (lane: number, { entries }: Segment): void => {
		for (const entry of entries) totals.add(lane, entry);
		positions[lane]! += 1;
	};

	const beginAtSums = async (): Promise<void> => {
		for await (const { name } of files.list(SUMS)) {
			const found = sumsOf(files.pathOf(name), (await files.read(name)) ?? new Uint8Array());
			// Older ones, or none, only make for more to read.
			if (found === undefined) continue;
			totals = createLaneTotals(lanes, found.sums);
			positions = [...found.positions];
			break;
		}
		hasBegun = true;
	};

	/** @returns whether the segment with this id was among those read */
	const catchUpIn = async (lane: number, ahead: number, id?: string): Promise<boolean> => {
		let isAmong = false;
		for (; ; ahead = Math.min(2 * ahead, MOST_AHEAD)) {
			const numbers = Array.from({ length: ahead }, (_, i) => positions[lane]! + 1 + i);
			const names = numbers.map((number) => segmentName(lane, number));
			for (const segment of await Promise.all(names.map((name) => readSegment(files, name)))) {
				if (segment === undefined) return isAmong;
				isAmong ||= segment.id === id;
				take(lane, segment);
			}
		}
	};

	const writeWaiting = async (): Promise<void> => {
		const segment: Segment = { id: randomUUID(), entries: waiting };
		[waiting, next] = [[], undefined];
		if (!hasBegun) await beginAtSums();
		for (let attempt = 0; ; attempt++) {
			if (await files.writeFirst(segmentName(own, positions[own]! + 1), JSON.stringify(segment))) break;
			// An answer that was lost is asked for again, and then finds its own.
			if (await catchUpIn(own, 4, segment.id)) return;
			if (attempt > 0) await sleep(Math.random() * Math.min(PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS));
		}
		take(own, segment);
		const segments = positions.reduce((sum, each) => sum + each, 0);
		if (positions[own]! % (SUMS_EVERY / lanes) !== 0) return;
		// Whole, of all lanes as they are read here: parts of several readers would not fit together.
		const sums = JSON.stringify({ positions, sums: totals.sums() });
		// Without it, the next one reads more.
		await files.writeFirst(sumsName(segments), sums).catch(() => {});
	};

	const current = <T>(ask: () => T): Promise<T> =>
		afterLast(async () => {
			if (!hasBegun) await beginAtSums();
			const caughtUp = await Promise.allSettled(all.map((lane) => catchUpIn(lane, 1)));
			// Only when nobody reads any more: whoever comes next would take the same segments.
			for (const lane of caughtUp) if (lane.status === "rejected") throw lane.reason;
			return ask();
		});

	return {
		async append(...entries) {
			waiting.push(...entries);
			next ??= afterLast(writeWaiting);
			await next;
		},
		async read() {
			const names: string[] = [];
			for await (const { name } of files.list(SEGMENTS)) names.push(name);
			const segments = await inParallel(names, (name) => readSegment(files, name));
			let [lane, at] = ["", ""];
			const placed = segments.flatMap((segment, i) => {
				const [, own] = names[i]!.split("/");
				if (own !== lane) [lane, at] = [own!, ""];
				// A lane's order stands: who was late to write has an earlier moment than those before it.
				return (segment?.entries ?? []).map((entry) => {
					if (entry.at > at) at = entry.at;
					return { entry, at };
				});
			});
			return placed.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ entry }) => entry);
		},
		state: () => current(() => totals.state()),
		spentUpTo: (call) => current(() => totals.spentUpTo(call)),
		isOpen: (call) => current(() => totals.isOpen(call)),
	};
}

async function readSegment(files: StoreFiles, name: string): Promise<Segment | undefined> {
	const text = await files.read(name);
	return text && parse(files.pathOf(name), text, segmentFile);
}

/** @throws DnoError where the file holds something else */
function parse<T>(where: string, text: Uint8Array, schema: z.ZodType<T>): T {
	const got = new TextDecoder().decode(text);
	const mend = "Use the version of dno that wrote it, or run dno fsck --repair";
	let value: unknown;
	try {
		value = JSON.parse(got);
	} catch (cause) {
		throw new DnoError({ what: "a part of the ledger is damaged", where, got, mend, cause });
	}
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	const what = `a part of the ledger is not what this version reads: ${parsed.error.issues[0]?.message}`;
	throw new DnoError({ what, where, got, mend });
}

/** The sums that a file holds; undefined where it is damaged. */
function sumsOf(where: string, text: Uint8Array): Sums | undefined {
	try {
		return parseSums(where, text);
	} catch (error) {
		if (error instanceof DnoError) return undefined;
		throw error;
	}
}

/** Reads sums for `dno fsck`. Throws like {@link Ledger.read}. */
export function parseSums(where: string, text: Uint8Array): Sums {
	return parse(where, text, sumsFile);
}

/** Reads a segment for `dno fsck`. Throws like {@link Ledger.read}. */
export function parseSegment(where: string, text: Uint8Array): Segment {
	return parse(where, text, segmentFile);
}
