import { LINES } from "../../core/events.ts";
import type { ReportIteration, ReportLine, ReportPoint } from "../../core/report.ts";
import { percent } from "../../report/format.ts";

const withInterval = (p: ReportPoint) =>
	`${percent(p.winRate)} (95 % interval ${percent(p.low)} to ${percent(p.high)})`;

/** What the figures say and do not say, in sentences: above, below or not told apart, by 95 % intervals. */
export function findings(lines: readonly ReportLine[], iterations: readonly ReportIteration[]): string[] {
	const dno = lines.find((line) => line.name === LINES.dno);
	const first = dno?.points[0];
	const last = dno?.points.at(-1);
	if (dno === undefined || first === undefined || last === undefined || last.iteration === 0) return [];
	return [
		`After ${last.iteration} ${last.iteration === 1 ? "iteration" : "iterations"} DNO's win rate against the teacher is ${withInterval(last)}, from ${withInterval(first)}; ${againstHalf(last)}.`,
		`Against the initial policy DNO wins ${percent(last.winRateAgainstInitial)}, ties counted half.`,
		...accuracyChange(first, last),
		...lines.filter((line) => line !== dno).map((line) => compare(last, line)),
		...rising(dno),
		...reference(iterations),
	];
}

function accuracyChange({ accuracy: from }: ReportPoint, { accuracy: to }: ReportPoint): string[] {
	return from === undefined || to === undefined ? [] : [`DNO's accuracy went from ${percent(from)} to ${percent(to)}.`];
}

function againstHalf({ low, high }: ReportPoint): string {
	if (low > 0.5) return "it beats the teacher it learned from";
	return high < 0.5 ? "it does not reach its teacher" : "it cannot be told apart from its teacher";
}

function compare(dno: ReportPoint, line: ReportLine): string {
	const last = line.points.at(-1);
	if (last === undefined || last.iteration !== dno.iteration) return `${line.name} has not been evaluated yet.`;
	const apart =
		dno.low > last.high
			? "DNO is above it, with separated intervals"
			: last.low > dno.high
				? "DNO is below it, with separated intervals"
				: "the two intervals overlap";
	const end = `${line.name} ends at ${withInterval(last)}: ${apart}.`;
	if (line.dnoAhead === undefined) return `${end} No problem was judged for both.`;
	const { low, high } = line.dnoAhead;
	const paired = low > 0 ? "DNO is ahead" : high < 0 ? "DNO is behind" : "the two are not told apart";
	return `${end} Problem by problem the difference is ${differenceText(line.dnoAhead)}: ${paired}.`;
}

function rising({ lastStep }: ReportLine): string[] {
	if (lastStep === undefined) return [];
	const { low, high } = lastStep;
	const said =
		low > 0
			? "DNO was still rising in the last iteration"
			: high < 0
				? "DNO was falling in the last iteration"
				: "Whether DNO was still rising in the last iteration is not told apart from chance";
	return [`${said}: problem by problem the change is ${differenceText(lastStep)}.`];
}

/** Points of a per cent, with the sign that a difference needs. */
function differenceText({ mean, low, high }: NonNullable<ReportLine["lastStep"]>): string {
	const points = (rate: number) => `${rate < 0 ? "−" : "+"}${(100 * Math.abs(rate)).toFixed(1)}`;
	return `${points(mean)} points (95 % interval ${points(low)} to ${points(high)})`;
}

function reference(iterations: readonly ReportIteration[]): string[] {
	const last = iterations.at(-1);
	if (last === undefined) return [];
	return [
		`The reference of iteration t is the policy it began with; the last one's was that of iteration ${last.reference.iteration} (sha256 ${last.reference.sha256.slice(0, 12)}).`,
	];
}
