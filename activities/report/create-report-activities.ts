import { join } from "node:path";
import { LINES, type LineKey } from "../../core/events.ts";
import type { ArtifactRef } from "../../core/records.ts";
import type { Report } from "../../core/report.ts";
import { sum } from "../../core/statistics.ts";
import type { IterationRecord, PointsByLine, WriteReportJob } from "../../core/steps.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import type { Ledger } from "../oracle/calls/ledger.ts";
import { withHeartbeats } from "../progress.ts";
import { writeFileAtomic } from "../store/atomic-write.ts";
import type { Store } from "../store/store.ts";
import type { StoreFiles } from "../store/store-files.ts";
import { keepRecord, readRecord } from "./iteration-records.ts";
import { REPORT_FILES, type ReportFile } from "./report-files.ts";

export interface ReportDependencies extends ActivityDependencies {
	/** Folder of report.html, report.json and win-rate.svg. */
	readonly directory: string;
	/** Where they are put, too, for readers on other machines; absent where the store is a folder. */
	readonly published?: StoreFiles;
	/** What judging has cost. */
	readonly ledger: Ledger;
}

/** How a campaign stands after an iteration. */
export interface Standings {
	/** DNO's last policy's against the teacher, on the held-out prompts. */
	readonly winRate?: number;
	/** US dollars. */
	readonly spent: number;
}

/** Keeps iteration records and writes reports that are assembled. */
export function createReportActivities({ store, emit, directory, published, ledger }: ReportDependencies) {
	const write = async ({ report: ref, iterations }: WriteReportJob): Promise<Standings> => {
		const text = new TextDecoder().decode(await store.get(ref));
		const report = JSON.parse(text) as Report;
		const records = await Promise.all(iterations.map((each) => readRecord(store, each)));
		const drawn = await draw(report, text);
		await exportEvaluations(store, directory, records);
		// The folder's after the bucket's, and report.json last, since a finished campaign is known by the folder's report.json:
		// whatever it stands beside is whole.
		for (const name of REPORT_FILES) await published?.write(name, drawn[name]);
		for (const name of REPORT_FILES) await writeFileAtomic(join(directory, name), drawn[name]);
		const winRate = report.lines.find(({ name }) => name === LINES.dno)?.points.at(-1)?.winRate;
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
		const { spent } = await ledger.state();
		return { ...(winRate !== undefined && { winRate }), spent };
	};

	return {
		async recordIteration(record: IterationRecord): Promise<ArtifactRef> {
			return keepRecord(store, record);
		},

		/** Writes an assembled report where its readers look; it can be written again at any time. */
		async writeReport(job: WriteReportJob): Promise<Standings> {
			return withHeartbeats(() => write(job));
		},
	};
}

async function draw(report: Report, json: string): Promise<Readonly<Record<ReportFile, string>>> {
	// It takes long to load, and the first sample need not wait for it.
	const [{ winRateChartSvg }, { renderReport }] = await Promise.all([
		import("../../report/chart-svg.ts"),
		import("../../report/render.ts"),
	]);
	return { "win-rate.svg": winRateChartSvg(report), "report.html": renderReport(report), "report.json": json };
}

/** Every judged response of every policy, for who wants to read them: `evaluations/dno-3.jsonl`, `….validation.jsonl`. */
async function exportEvaluations(store: Store, directory: string, records: readonly IterationRecord[]): Promise<void> {
	for (const { line, iteration, heldOut, validation } of records.flatMap((record) => record.evaluated)) {
		const base = join(directory, "evaluations", `${line}-${iteration}`);
		await store.exportTo(heldOut.rows, `${base}.jsonl`);
		await store.exportTo(validation.rows, `${base}.validation.jsonl`);
	}
}

function pointsOf(lines: Report["lines"], iteration: number): PointsByLine {
	const keys = Object.entries(LINES) as [LineKey, string][];
	return Object.fromEntries(
		lines.flatMap((line) => {
			const point = line.points.find((p) => p.iteration === iteration);
			const key = keys.find(([, name]) => name === line.name)![0];
			return point === undefined ? [] : [[key, point]];
		}),
	);
}
