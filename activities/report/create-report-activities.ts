import { join } from "node:path";
import { LINES, type LineKey } from "../../core/events.ts";
import type { ArtifactRef } from "../../core/records.ts";
import { sum } from "../../core/statistics.ts";
import type { IterationRecord, PointsByLine, ReportJob } from "../../core/steps.ts";
import { winRateChartSvg } from "../../report/chart-svg.ts";
import { renderReport } from "../../report/render.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { writeFileAtomic } from "../store/atomic-write.ts";
import { durableStep } from "../store/durable-step.ts";
import type { Store } from "../store/store.ts";
import { assembleReport } from "./assemble.ts";

export interface ReportDependencies extends ActivityDependencies {
	/** Folder of report.html, report.json and win-rate.svg. */
	readonly directory: string;
	/** Engine and start of the campaign, for the page's head. */
	readonly facts: { readonly engine: string; readonly startedAt: string };
}

/** Keeps iteration records and writes the report. */
export function createReportActivities({ store, emit, directory, facts }: ReportDependencies) {
	return {
		/** Stores what an iteration leaves, so that the campaign's history carries a reference. */
		async recordIteration(record: IterationRecord): Promise<ArtifactRef> {
			return durableStep(store, "record-iteration", record, (put) => put(JSON.stringify(record)));
		},

		/** Writes the report as of the last iteration; it can be written again at any time. */
		async writeReport(job: ReportJob): Promise<void> {
			const config = await readConfig(store, job.spec.config);
			const records = await Promise.all(job.iterations.map((ref) => readRecord(store, ref)));
			const report = await assembleReport(store, job, records, config, facts);
			await exportEvaluations(store, directory, records);
			await writeFileAtomic(join(directory, "win-rate.svg"), winRateChartSvg(report));
			await writeFileAtomic(join(directory, "report.html"), renderReport(report));
			// Last, since a finished campaign is known by it: whatever it stands beside is whole.
			await writeFileAtomic(join(directory, "report.json"), `${JSON.stringify(report, undefined, "\t")}\n`);
			const last = records.at(-1)!;
			const curve = report.iterations.at(-1)?.losses[LINES.dno] ?? [];
			emit({
				event: "iteration",
				iteration: last.iteration,
				...(last.pairs && {
					pairs: last.pairs.counts,
					verdicts: { dno: last.pairs.verdicts, ...last.offlineVerdicts },
				}),
				...(curve.length > 0 && { loss: { first: curve[0]!.loss, last: curve.at(-1)!.loss } }),
				points: pointsOf(report.lines, last.iteration),
				seconds: sum(Object.values(last.seconds)),
			});
		},
	};
}

/** Every judged response of every policy, for who wants to read them: `evaluations/dno-3.jsonl`, `….validation.jsonl`. */
async function exportEvaluations(store: Store, directory: string, records: readonly IterationRecord[]): Promise<void> {
	for (const { line, iteration, heldOut, validation } of records.flatMap((record) => record.evaluated)) {
		const base = join(directory, "evaluations", `${line}-${iteration}`);
		await store.exportTo(heldOut.rows, `${base}.jsonl`);
		await store.exportTo(validation.rows, `${base}.validation.jsonl`);
	}
}

function pointsOf(lines: Awaited<ReturnType<typeof assembleReport>>["lines"], iteration: number): PointsByLine {
	const keys = Object.entries(LINES) as [LineKey, string][];
	return Object.fromEntries(
		lines.flatMap((line) => {
			const point = line.points.find((p) => p.iteration === iteration);
			const key = keys.find(([, name]) => name === line.name)![0];
			return point === undefined ? [] : [[key, point]];
		}),
	);
}

async function readRecord(store: Store, ref: ArtifactRef): Promise<IterationRecord> {
	return JSON.parse(new TextDecoder().decode(await store.get(ref))) as IterationRecord;
}
