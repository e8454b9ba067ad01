import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { reportPoint, winRateDifference } from "../../activities/evaluation/evaluate.ts";
import { findings } from "../../activities/report/findings.ts";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";
import { LINES, type LineKey } from "../../core/events.ts";
import { type EvaluationRow, evaluationRow } from "../../core/records.ts";
import {
	type Report,
	type ReportIteration,
	type ReportLine,
	type ReportPoint,
	report as reportSchema,
	type VerdictCounts,
} from "../../core/report.ts";
import { mean, sum } from "../../core/statistics.ts";
import { winRateChartSvg } from "../../report/chart-svg.ts";
import { percent } from "../../report/format.ts";
import { renderReport } from "../../report/render.ts";

/**
 * One report over the same campaign run with several seeds: rates are means over seeds, and their intervals are over
 * prompts, the seeds' samples of one prompt averaged first (all seeds are evaluated on the same prompts). So they hold
 * the seeds fixed. Counts are sums.
 *
 * @param directories the seeds' campaign folders, each with a finished report
 * @param out folder of the joint report
 * @returns path of the page
 */
export async function aggregateSeeds(directories: readonly string[], out: string): Promise<{ report: string }> {
	const reports = await Promise.all(directories.map(readReport));
	const [first] = reports as [Report];
	const lines = await Promise.all(
		first.lines.map((line, i) =>
			jointLine(
				line.name,
				reports.map((r) => r.lines[i]!.points),
				directories,
			),
		),
	);
	const iterations = first.iterations.map((_, i) => jointIteration(reports.map((r) => r.iterations[i]!)));
	const dno = lines[0]!.points;
	const best = dno.reduce((a, b) => (b.validationWinRate > a.validationWinRate ? b : a)).iteration;
	const joint: Report = {
		...first,
		campaign: {
			...first.campaign,
			updatedAt: new Date().toISOString(),
			seeds: reports.flatMap((r) => r.campaign.seeds),
			best,
		},
		lines,
		iterations: iterations.map((iteration) => ({
			...iteration,
			policy: { ...iteration.policy, folder: join(relative(out, directories[0]!), iteration.policy.folder) },
		})),
		changes: {
			fixed: sum(reports.map((r) => r.changes.fixed)),
			broken: sum(reports.map((r) => r.changes.broken)),
		},
		findings: [
			`Rates are means of ${reports.length} seeds, with intervals over the held-out problems that hold the seeds fixed; counts are sums over the seeds, seconds are means. Training curves, checkpoints and the problems below are those of seed ${first.campaign.seeds[0]}.`,
			...findings(lines, []),
			...reports.map(seedFinding),
		],
	};
	await writeFileAtomic(join(out, "report.json"), `${JSON.stringify(joint, undefined, "\t")}\n`);
	await writeFileAtomic(join(out, "win-rate.svg"), winRateChartSvg(joint));
	const page = join(out, "report.html");
	await writeFileAtomic(page, renderReport(joint));
	return { report: page };
}

async function readReport(directory: string): Promise<Report> {
	const where = join(directory, "report.json");
	const parsed = reportSchema.safeParse(JSON.parse(await readFile(where, "utf8")));
	if (!parsed.success) {
		throw new DnoError({ what: "not a report of this version", where, mend: "Run the campaign of this seed again" });
	}
	return parsed.data;
}

async function jointLine(
	name: string,
	seeds: readonly (readonly ReportPoint[])[],
	directories: readonly string[],
): Promise<ReportLine> {
	const [key] = Object.entries(LINES).find(([, each]) => each === name) as [LineKey, string];
	const iterations = seeds[0]!.map((p) => p.iteration);
	const points = iterations.map(async (iteration, i) => {
		const file = `${iteration === 0 ? "dno" : key}-${iteration}`;
		const total = (read: (point: ReportPoint) => number) => sum(seeds.map((each) => read(each[i]!)));
		return reportPoint(
			iteration,
			{
				rows: await jointRows(directories, `${file}.jsonl`),
				invalid: total((p) => p.invalid),
				unjudged: total((p) => p.unjudged),
			},
			{
				rows: await jointRows(directories, `${file}.validation.jsonl`),
				invalid: total((p) => p.validationInvalid),
				unjudged: total((p) => p.validationUnjudged),
			},
		);
	});
	const joint = { name, points: await Promise.all(points) };
	const last = iterations.at(-1)!;
	if (last === 0) return joint;
	const other = key === "dno" ? `dno-${last - 1}` : `${key}-${last}`;
	const difference = winRateDifference(
		await jointRows(directories, `dno-${last}.jsonl`),
		await jointRows(directories, `${other}.jsonl`),
	);
	return { ...joint, ...(difference && { [key === "dno" ? "lastStep" : "dnoAhead"]: difference }) };
}

/**
 * The seeds' samples of each prompt in one row; a prompt that some seed could not have judged is left out.
 *
 * @throws DnoError when no prompt was judged for every seed
 */
async function jointRows(directories: readonly string[], file: string): Promise<EvaluationRow[]> {
	const byPrompt = new Map<string, EvaluationRow[]>();
	for (const directory of directories) {
		const text = await readFile(join(directory, "evaluations", file), "utf8");
		for (const line of text.split("\n").filter((l) => l !== "")) {
			const row = evaluationRow.parse(JSON.parse(line));
			byPrompt.set(row.promptId, [...(byPrompt.get(row.promptId) ?? []), row]);
		}
	}
	const complete = [...byPrompt.values()].filter((rows) => rows.length === directories.length);
	if (complete.length === 0) {
		throw new DnoError({
			what: "no prompt was judged for every seed, so there is no joint figure",
			where: directories.map((directory) => join(directory, "evaluations", file)).join(", "),
			mend: "Read the seeds' own reports",
		});
	}
	return complete.map((rows) => ({ ...rows[0]!, samples: rows.flatMap((row) => row.samples) }));
}

function jointIteration(seeds: readonly ReportIteration[]): ReportIteration {
	const [first] = seeds as [ReportIteration];
	const over = <T extends object>(part: (s: ReportIteration) => T, fold: (values: number[]) => number): T =>
		Object.fromEntries(
			Object.keys(part(first)).map((key) => [key, fold(seeds.map((s) => part(s)[key as keyof T] as number))]),
		) as T;
	return {
		...first,
		pairs: over((s) => s.pairs, sum),
		verdicts: jointVerdicts(seeds.map((s) => s.verdicts)),
		offlineVerdicts: Object.fromEntries(
			Object.keys(first.offlineVerdicts).map((name) => [
				name,
				jointVerdicts(seeds.map((s) => s.offlineVerdicts[name]!)),
			]),
		),
		steps: sum(seeds.map((s) => s.steps)),
		seconds: over((s) => s.seconds, mean),
	};
}

function jointVerdicts(seeds: readonly VerdictCounts[]): VerdictCounts {
	const total = (read: (counts: VerdictCounts) => number) => sum(seeds.map(read));
	const judged = total((v) => v.judged);
	return {
		prompts: total((v) => v.prompts),
		judged,
		invalid: total((v) => v.invalid),
		unjudged: total((v) => v.unjudged),
		ties: judged === 0 ? 0 : total((v) => v.ties * v.judged) / judged,
	};
}

function seedFinding({ campaign, lines }: Report): string {
	const ends = lines.map(({ name, points }) => {
		const last = points.at(-1)!;
		return `${name} ${percent(last.winRate)}${last.accuracy === undefined ? "" : ` (accuracy ${percent(last.accuracy)})`}`;
	});
	const { accuracy } = lines[0]!.points[0]!;
	const from = accuracy === undefined ? "" : `, from accuracy ${percent(accuracy)}`;
	return `Seed ${campaign.seeds[0]}${from}: ${ends.join(", ")}.`;
}
