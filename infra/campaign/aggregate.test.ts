import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evaluationRows } from "../../activities/evaluation/evaluate.ts";
import { toJsonLines } from "../../activities/store/json-lines.ts";
import { failed, group, scores } from "../../activities/testing/groups.ts";
import { LINES } from "../../core/events.ts";
import type { Verdict } from "../../core/records.ts";
import { type Report, report } from "../../core/report.ts";
import { fixtureReport } from "../../test/browser/fixture-report.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { aggregateSeeds } from "./aggregate.ts";

/** A finished campaign of one iteration whose evaluations all came to these verdicts, one a prompt. */
function seedFolder(seed: number, verdicts: readonly Verdict[]): string {
	const folder = temporaryFolder();
	const groups = verdicts.map((_, i) => group(`p${i}`, 2));
	mkdirSync(join(folder, "evaluations"));
	for (const file of ["dno-0", "dno-1", "sft-1"])
		for (const split of ["", ".validation"])
			writeFileSync(
				join(folder, `evaluations/${file}${split}.jsonl`),
				toJsonLines(evaluationRows(groups, verdicts, 2)),
			);
	const count = (kind: Verdict["kind"]) => verdicts.filter((v) => v.kind === kind).length;
	const counts = {
		invalid: count("invalid"),
		unjudged: count("unjudged"),
		validationInvalid: count("invalid"),
		validationUnjudged: count("unjudged"),
	};
	const made = fixtureReport({}, 1);
	const lines = made.lines.slice(0, 2).map(({ name, points }) => ({
		name,
		points: points.slice(0, 2).map((point) => ({ ...point, ...counts })),
	}));
	const campaign = { ...made.campaign, seeds: [seed] };
	writeFileSync(join(folder, "report.json"), JSON.stringify({ ...made, campaign, lines }));
	return folder;
}

async function joint(folders: readonly string[]): Promise<Report> {
	const out = temporaryFolder();
	await aggregateSeeds(folders, out);
	return report.parse(JSON.parse(readFileSync(join(out, "report.json"), "utf8")));
}

const judged = scores([2, 0, 1, 0, 0], [true, false, false, false, false]);

test("counts what any seed could not have judged, also where no seed could, and rates the rest", async () => {
	const made = await joint([
		seedFolder(0, [judged, judged, judged, failed("unjudged")]),
		seedFolder(1, [judged, judged, failed("invalid"), failed("unjudged")]),
	]);
	for (const { points } of made.lines)
		for (const point of points)
			expect(point).toMatchObject({
				n: 2,
				winRate: 0.5,
				...{ invalid: 1, unjudged: 2, validationInvalid: 1, validationUnjudged: 2 },
			});
	expect(made.lines[0]!.lastStep).toEqual({ mean: 0, low: 0, high: 0, n: 2 });
	expect(made.lines[1]!.dnoAhead).toEqual({ mean: 0, low: 0, high: 0, n: 2 });
	expect(made.iterations[0]!.offlineVerdicts[LINES.offlineDpo]).toEqual({
		...{ prompts: 800, judged: 776, invalid: 10, unjudged: 14, ties: 0.6 },
	});
});

test("seeds without a prompt that all have judged are one clear error", async () => {
	const folders = [seedFolder(0, [judged, failed("unjudged")]), seedFolder(1, [failed("invalid"), judged])];
	await expect(joint(folders)).rejects.toMatchObject({
		name: "DnoError",
		message: expect.stringContaining("no prompt was judged for every seed"),
	});
});
