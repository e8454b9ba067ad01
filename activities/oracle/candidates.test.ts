import { afterAll, expect, test } from "vitest";
import type { CandidateGroup } from "../../core/records.ts";
import type { CandidateSet } from "../../core/steps.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { toJsonLines } from "../store/json-lines.ts";
import { group, scores } from "../testing/groups.ts";
import { type JudgedGroups, mergeCandidates, readCandidates, readJudged } from "./candidates.ts";

const store = createFolderStore(temporaryFolder(afterAll));
const put = (records: readonly unknown[]) => store.put(toJsonLines(records), { step: "test", inputs: {} });
const COUNT = 7;
const PART = 3;

async function makeSet(samples: number): Promise<{ readonly set: CandidateSet; readonly groups: CandidateGroup[] }> {
	const groups = Array.from({ length: COUNT }, (_, i) => group(`p${i}`, samples));
	const parts = [0, 1, 2].map((part) => put(groups.slice(part * PART, (part + 1) * PART)));
	return { set: { parts: await Promise.all(parts), partSize: PART, count: COUNT }, groups };
}

test("any stretch of a set is read from its parts", async () => {
	const { set, groups } = await makeSet(1);
	for (let from = 0; from <= COUNT; from++) {
		for (let to = from; to <= COUNT; to++)
			expect(await readCandidates(store, set, from, to)).toEqual(groups.slice(from, to));
	}
});

test("candidates and verdicts go side by side, whatever parts the verdicts come in", async () => {
	const [one, two] = [await makeSet(1), await makeSet(2)];
	const verdicts = Array.from({ length: COUNT }, (_, i) => ({ ...scores([i]), promptId: `p${i}` }));
	const merged = mergeCandidates([one.groups, two.groups]);
	for (const size of [1, 2, 3, 4, 7]) {
		const refs = [];
		for (let from = 0; from < COUNT; from += size) refs.push(await put(verdicts.slice(from, from + size)));
		const parts: JudgedGroups[] = [];
		for await (const part of readJudged(store, [one.set, two.set], refs)) parts.push(part);
		expect(parts.map(({ groups }) => groups.length)).toEqual([3, 3, 1]);
		expect(parts.flatMap((part) => part.groups)).toEqual(merged);
		expect(parts.flatMap((part) => part.verdicts)).toEqual(verdicts);
	}
});
