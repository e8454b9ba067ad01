import { relative } from "node:path";
import type { CampaignConfig } from "../../core/config.ts";
import { type CampaignEvent, type JudgingForecast, LINES, type LineKey, type Stage } from "../../core/events.ts";
import { isProgram, judgeName, modelJudges } from "../../core/oracle-config.ts";
import type { PairCounts, ReportPoint } from "../../core/report.ts";
import { count, dollars, duration, rate, rateWithInterval, roughDuration } from "./format.ts";

type Event<Name extends CampaignEvent["event"]> = Extract<CampaignEvent, { event: Name }>;

export const STAGE_NAMES: Readonly<Record<Stage, string>> = {
	pretrain: "pretraining",
	sample: "sampling",
	judge: "judging",
	pair: "pairing",
	train: "training",
	evaluate: "evaluating",
	report: "reporting",
};

/** A path as one would type it: from the working folder where it is inside. */
export function shortPath(path: string, cwd: string = process.cwd()): string {
	const inside = relative(cwd, path);
	return inside === "" || inside.startsWith("..") ? path : inside;
}

/** The plan, a fact a line. */
export function planLines({ campaign, directory, config, counts, judging, expectedSeconds }: Event<"plan">): string[] {
	const baselines = lineKeys(config).slice(1);
	const others = baselines.length === 0 ? "no baselines" : `beside ${baselines.map((key) => LINES[key]).join(", ")}`;
	const expected = expectedSeconds === undefined ? [] : [`expected    about ${roughDuration(expectedSeconds)}`];
	return [
		`Campaign ${campaign} in ${shortPath(directory)}`,
		`iterations  ${config.iterations} of DNO, ${others}`,
		`prompts     ${count(counts.trainPrompts)} to train on, ${config.prompts.perIteration} fresh ones an iteration`,
		`            ${count(counts.validationPrompts)} to choose the best policy by, ${count(counts.heldOutPrompts)} held out`,
		`samples     ${count(counts.trainingSamples)} to train on (K = ${config.sampling.samples}), ${count(counts.evaluationSamples)} to evaluate`,
		`judgments   ${count(counts.judgments)} by ${oracleName(config)}`,
		...(judging === undefined ? [] : forecastLines(judging, config)),
		`seed        ${config.seed}`,
		...expected,
	];
}

function oracleName({ oracle }: CampaignConfig): string {
	if (isProgram(oracle)) return `the ${oracle.kind}`;
	const models = modelJudges(oracle).map(judgeName).join(", ");
	return `${models} (${oracle.kind})`;
}

function forecastLines(
	{ calls, inputTokens, outputTokens, cost, costAtMost }: JudgingForecast,
	{ oracle }: CampaignConfig,
) {
	const isPriced = modelJudges(oracle).some(({ price }) => price !== undefined);
	const budget = "budget" in oracle && oracle.budget !== undefined ? `; the budget is ${dollars(oracle.budget)}` : "";
	return [
		`            ${count(calls)} calls, about ${count(inputTokens)} tokens to read and ${count(outputTokens)} to write`,
		isPriced
			? `            about ${dollars(cost)}, at most ${dollars(costAtMost)} before repairs${budget}`
			: "            for nothing: the judge has no price",
	];
}

/** The lines of a campaign's chart. */
function lineKeys({ baselines }: CampaignConfig): LineKey[] {
	return (Object.keys(LINES) as LineKey[]).filter((key) => key === "dno" || baselines[key] !== undefined);
}

/** A finished iteration's parts, to be put on one line where it fits. */
export function iterationParts(event: Event<"iteration">, iterations: number | undefined): string[] {
	const { iteration, pairs, verdicts = {}, loss, points, seconds } = event;
	const of = iterations === undefined ? "" : `/${iterations}`;
	const parts = [iteration === 0 ? "initial policy" : `iteration ${iteration}${of}`];
	if (pairs) parts.push(pairsText(pairs));
	for (const [key, { invalid, unjudged }] of Object.entries(verdicts)) {
		const failures = failuresText(invalid, unjudged);
		if (failures !== "") parts.push(`verdicts for ${LINES[key as LineKey]}: ${failures}`);
	}
	if (loss) parts.push(`loss ${loss.first.toFixed(3)}→${loss.last.toFixed(3)}`);
	for (const key of Object.keys(LINES) as LineKey[]) {
		const point = points[key];
		// All lines start from the initial policy: its name says nothing there.
		if (point) parts.push(...pointParts(iteration === 0 ? "win rate" : LINES[key], point));
		if (iteration === 0 && point) break;
	}
	parts.push(duration(seconds));
	return parts;
}

function pairsText(pairs: PairCounts): string {
	const { teacherOverStudent, studentOverTeacher, studentOverStudent, replayed } = pairs;
	const total = teacherOverStudent + studentOverTeacher + studentOverStudent + replayed;
	const again = replayed === 0 ? "" : `, ${count(replayed)} replayed`;
	const kinds = `${count(teacherOverStudent)} T>S, ${count(studentOverTeacher)} S>T, ${count(studentOverStudent)} S>S`;
	return `${count(total)} pairs (${kinds}${again})`;
}

function pointParts(name: string, point: ReportPoint): string[] {
	const { winRate, low, high, accuracy } = point;
	const acc = accuracy === undefined ? "" : ` acc ${rate(accuracy)}`;
	const heldOut = failuresText(point.invalid, point.unjudged);
	const validation = failuresText(point.validationInvalid, point.validationUnjudged);
	const missing = [heldOut, validation && `validation: ${validation}`].filter((text) => text !== "").join("; ");
	return [`${name} ${rateWithInterval(winRate, low, high)}${acc}`, ...(missing === "" ? [] : [`(${missing})`])];
}

/** Prompts without a verdict, by why: `2 invalid, 3 unjudged`; empty where there are none. */
function failuresText(invalid: number, unjudged: number): string {
	return [
		...(invalid === 0 ? [] : [`${count(invalid)} invalid`]),
		...(unjudged === 0 ? [] : [`${count(unjudged)} unjudged`]),
	].join(", ");
}
