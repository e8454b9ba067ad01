import type { CampaignConfig } from "../../core/config.ts";
import { LINES, type LineKey } from "../../core/events.ts";
import { evaluationRow } from "../../core/records.ts";
import type { Report, ReportIteration, ReportLine, ReportPoint } from "../../core/report.ts";
import type { EvaluatedPolicy, EvaluationResult, IterationRecord, ReportJob } from "../../core/steps.ts";
import { type Judged, reportPoint, winRateDifference } from "../evaluation/evaluate.ts";
import { durableStep } from "../store/durable-step.ts";
import { readJsonLines } from "../store/json-lines.ts";
import type { Store } from "../store/store.ts";
import { changedExamples } from "./examples.ts";
import { findings } from "./findings.ts";
import { trainingStep } from "./training-curve.ts";
import { campaignTrust } from "./trust.ts";

/** Most points of a training curve that the report keeps. */
const MAX_CURVE_POINTS = 200;

/** Puts a campaign's report together from its iteration records. */
export async function assembleReport(
	store: Store,
	{ spec, status, steering = [] }: ReportJob,
	records: readonly IterationRecord[],
	config: CampaignConfig,
	facts: { readonly engine: string; readonly startedAt: string },
): Promise<Report> {
	const evaluated = records.flatMap((record) => record.evaluated);
	const lines: ReportLine[] = [];
	// One after the other: the rows of all policies take more memory than a worker has.
	for (const key of ["dno", ...spec.baselines] as const) lines.push(await reportLine(store, key, evaluated));
	const iterations = await Promise.all(
		records.filter((record) => record.iteration > 0).map((record) => reportIteration(store, record, evaluated)),
	);
	const dno = evaluated.filter((e) => e.line === "dno");
	const trust = await campaignTrust(store, records, config);
	const changed = changedExamples(await rows(store, dno[0]), await rows(store, dno.at(-1)));
	return {
		schemaVersion: 1,
		campaign: {
			name: config.name,
			id: spec.id,
			status,
			engine: facts.engine,
			startedAt: facts.startedAt,
			updatedAt: new Date().toISOString(),
			seeds: [config.seed],
			best: best(lines[0]),
		},
		config,
		...(steering.length > 0 && { steering: steering as Report["steering"] }),
		lines,
		iterations,
		...changed,
		...(trust.length > 0 && { trust }),
		findings: findings(lines, iterations),
	};
}

/** Algorithm 2 returns the best of π_1 … π_{T+1} on validation data; the earliest where several are equal. */
function best(dno: ReportLine | undefined): number {
	const points = dno?.points ?? [];
	const highest = Math.max(...points.map((p) => p.validationWinRate));
	return points.find((p) => p.validationWinRate === highest)?.iteration ?? 0;
}

async function reportLine(store: Store, key: LineKey, evaluated: readonly EvaluatedPolicy[]): Promise<ReportLine> {
	// Every line begins at the initial policy, which is evaluated once.
	const own = evaluated.filter((e) => e.line === key || e.iteration === 0);
	const points: ReportPoint[] = [];
	for (const each of own) points.push(await pointOf(store, each));
	const line = { name: LINES[key], points };
	const dno = evaluated.findLast((e) => e.line === "dno")!;
	// DNO is compared with itself one iteration before, every other line with DNO.
	const other = own.find((e) => e.iteration === dno.iteration - Number(key === "dno"));
	if (dno.iteration === 0 || other === undefined) return line;
	const difference = winRateDifference(await rows(store, dno), await rows(store, other));
	return { ...line, ...(difference && { [key === "dno" ? "lastStep" : "dnoAhead"]: difference }) };
}

/**
 * Kept as a step's result, so that a report reads new evaluations alone: a function's machine has none of the earlier ones at hand,
 * and no room for all rows at once.
 */
async function pointOf(store: Store, { iteration, heldOut, validation }: EvaluatedPolicy): Promise<ReportPoint> {
	return durableStep(store, "report-point", { iteration, heldOut, validation }, async () =>
		reportPoint(iteration, await readJudged(store, heldOut), await readJudged(store, validation)),
	);
}

async function reportIteration(
	store: Store,
	record: IterationRecord,
	evaluated: readonly EvaluatedPolicy[],
): Promise<ReportIteration> {
	const { iteration, pairs, offlineVerdicts, reference, curves, seconds } = record;
	const outcome = evaluated.find((e) => e.line === "dno" && e.iteration === iteration)!.policy;
	const losses = await Promise.all(
		Object.entries(curves).map(async ([key, ref]) => {
			const curve = await readJsonLines(store, ref, trainingStep);
			const stride = Math.ceil(curve.length / MAX_CURVE_POINTS);
			const points = curve
				.filter((_, i) => i % stride === 0)
				.map(({ step, loss, gradNorm }) => ({ step, loss, gradNorm }));
			return [LINES[key as LineKey], points] as const;
		}),
	);
	return {
		iteration,
		pairs: pairs!.counts,
		verdicts: pairs!.verdicts,
		offlineVerdicts: Object.fromEntries(
			Object.entries(offlineVerdicts).map(([key, counts]) => [LINES[key as LineKey], counts]),
		),
		reference: { iteration: iteration - 1, sha256: reference.manifest.sha256 },
		policy: { iteration, sha256: outcome.manifest.sha256, folder: `policies/${outcome.name}` },
		steps: pairs!.steps,
		losses: Object.fromEntries(losses),
		seconds,
	};
}

async function readJudged(store: Store, { rows, invalid, unjudged }: EvaluationResult): Promise<Judged> {
	return { rows: await readJsonLines(store, rows, evaluationRow), invalid, unjudged };
}

async function rows(store: Store, policy: EvaluatedPolicy | undefined) {
	return policy === undefined ? [] : readJsonLines(store, policy.heldOut.rows, evaluationRow);
}
