import { randomUUID } from "node:crypto";
import { DnoError } from "../../../core/errors.ts";
import type { Checked, Problem } from "../../store/check-store.ts";
import { inParallel } from "../../store/in-parallel.ts";
import type { StoredFile, StoreFiles } from "../../store/store-files.ts";
import { parseSegment, parseSums, SEGMENTS, type Segment, SUMS, segmentName } from "./segment-ledger.ts";

/**
 * Reads all of a ledger in segments: its files, and whether a lane's numbers are all there.
 *
 * @param repair moves what is damaged to `damaged/` in it, and puts a segment without entries where one is missing: it would be
 *   taken for the lane's end, and what comes after it for nothing
 */
export async function checkSegments(ledger: StoreFiles, repair: boolean): Promise<Checked> {
	// Before the segments: who writes meanwhile is not taken for one who has summed up what is not there.
	const sums = await filesIn(ledger, SUMS);
	const segments = await filesIn(ledger, SEGMENTS);
	const lanes = lanesOf(segments);
	const putEmpty = (name: string) => {
		const empty: Segment = { id: randomUUID(), entries: [] };
		return ledger.writeFirst(name, JSON.stringify(empty));
	};
	const ofSegments = await inParallel(segments, async ({ name }): Promise<Problem[]> => {
		const problem = await problemOf(ledger, name, repair, parseSegment);
		if (problem?.movedTo !== undefined) await putEmpty(name);
		return problem ? [problem] : [];
	});
	const ofSums = await inParallel(sums, async ({ name }): Promise<Problem[]> => {
		const problem = await problemOf(ledger, name, repair, (path, text) => {
			const { positions } = parseSums(path, text);
			if (positions.every((last, lane) => last <= lastOf(lanes, lane))) return;
			throw new DnoError({ what: "sums count segments of the ledger that are not there" });
		});
		return problem ? [problem] : [];
	});
	const gaps: Problem[] = [];
	for (const name of missingOf(lanes)) {
		// One that was written since its lane was listed.
		if ((await ledger.stat(name)) !== undefined) continue;
		const what = "a part of the ledger is missing, and what comes after it in its lane is not counted";
		gaps.push({ path: ledger.pathOf(name), what });
		if (repair) await putEmpty(name);
	}
	const files = [...segments, ...sums];
	return {
		files: files.length,
		bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
		problems: [...ofSegments.flat(), ...gaps, ...ofSums.flat()],
	};
}

async function filesIn(ledger: StoreFiles, folder: string): Promise<StoredFile[]> {
	const found: StoredFile[] = [];
	for await (const file of ledger.list(folder)) found.push(file);
	return found;
}

/** @param check throws a `DnoError` where the file is not what it should be */
async function problemOf(
	ledger: StoreFiles,
	name: string,
	repair: boolean,
	check: (path: string, text: Uint8Array) => unknown,
): Promise<Problem | undefined> {
	const [path, text] = [ledger.pathOf(name), await ledger.read(name)];
	if (text === undefined) return undefined;
	try {
		check(path, text);
		return undefined;
	} catch (error) {
		if (!(error instanceof DnoError)) throw error;
		const movedTo = repair ? await ledger.setAside(name) : undefined;
		return { path, what: error.details.what, ...(movedTo !== undefined && { movedTo }) };
	}
}

/** The numbers that are there of each lane, in order, as their files are listed. */
type Lanes = ReadonlyMap<number, ReadonlySet<number>>;

function lanesOf(segments: readonly StoredFile[]): Lanes {
	const lanes = new Map<number, Set<number>>();
	for (const { name } of segments) {
		const [, lane, number] = /(\d+)\/(\d+)\.json$/.exec(name) ?? [];
		if (lane === undefined) continue;
		const there = lanes.get(Number(lane)) ?? new Set();
		lanes.set(Number(lane), there.add(Number(number)));
	}
	return lanes;
}

function lastOf(lanes: Lanes, lane: number): number {
	return [...(lanes.get(lane) ?? [])].at(-1) ?? 0;
}

function* missingOf(lanes: Lanes): Generator<string> {
	for (const [lane, there] of lanes)
		for (let [number, last] = [1, lastOf(lanes, lane)]; number < last; number++)
			if (!there.has(number)) yield segmentName(lane, number);
}
