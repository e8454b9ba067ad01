import type { Report } from "../core/report.ts";
import { interval, listed, percent, plural } from "./format.ts";
import { lastIteration, mainLine, pointAt, type StyledLine } from "./lines.ts";

/** The outcome in one sentence made from the figures; what 95 % intervals do not part is said to be not told apart. */
export function outcome({ campaign, config }: Report, lines: readonly StyledLine[]): string {
	const main = mainLine(lines);
	const last = lastIteration(lines);
	const end = main === undefined || last === undefined ? undefined : (pointAt(main, last) ?? main.points.at(-1));
	if (main === undefined || end === undefined) return "No policy has been evaluated yet.";
	if (end.iteration === 0) {
		return `The initial policy wins ${percent(end.winRate)} against the teacher; no iteration has finished yet.`;
	}
	const after =
		campaign.status === "running"
			? `After ${end.iteration} of ${plural(config.iterations, "iteration")}`
			: `After ${plural(end.iteration, "iteration")}`;
	const start = pointAt(main, 0);
	const from = start === undefined ? "" : `, from ${percent(start.winRate)}`;
	const figures = `wins ${percent(end.winRate)} against its teacher (95 % interval ${interval(end.low, end.high)}${from})`;
	const others = against(main, end, lines);
	return `${after} ${main.label} ${figures}: ${againstHalf(end)}${others === "" ? "" : `; ${others}`}.`;
}

function againstHalf({ low, high }: { readonly low: number; readonly high: number }): string {
	if (low > 0.5) return "better than the teacher";
	return high < 0.5 ? "not as good as the teacher" : "not told apart from the teacher";
}

function against(
	main: StyledLine,
	end: { iteration: number; low: number; high: number },
	lines: readonly StyledLine[],
) {
	const groups = { above: [] as string[], below: [] as string[], overlapping: [] as string[] };
	for (const line of lines) {
		const other = pointAt(line, end.iteration);
		if (line === main || other === undefined) continue;
		if (end.low > other.high) groups.above.push(line.label);
		else if (end.high < other.low) groups.below.push(line.label);
		else groups.overlapping.push(line.label);
	}
	return [
		groups.above.length > 0 && `above ${listed(groups.above)}`,
		groups.below.length > 0 && `below ${listed(groups.below)}`,
		groups.overlapping.length > 0 && `not told apart from ${listed(groups.overlapping)}`,
	]
		.filter((part) => part !== false)
		.join("; ");
}
