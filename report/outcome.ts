import type { Report } from "../core/report.ts";
import { interval, listed, percent, plural } from "./format.ts";
import { lastIteration, mainLine, pointAt, type StyledLine } from "./lines.ts";

/**
 * The outcome in one sentence made from the figures. Other lines are compared problem by problem where the report holds
 * that difference, since its interval is the narrower one; else by whether the 95 % intervals overlap.
 */
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

function against(main: StyledLine, end: Ends & { iteration: number }, lines: readonly StyledLine[]) {
	const groups = { ahead: [] as string[], behind: [] as string[], together: [] as string[] };
	for (const line of lines) {
		const other = pointAt(line, end.iteration);
		if (line === main || other === undefined) continue;
		const paired = line.points.at(-1) === other ? line.dnoAhead : undefined;
		groups[paired === undefined ? standing(end, other) : standing(paired, { low: 0, high: 0 })].push(line.label);
	}
	return [
		groups.ahead.length > 0 && `ahead of ${listed(groups.ahead)}`,
		groups.behind.length > 0 && `behind ${listed(groups.behind)}`,
		groups.together.length > 0 && `not told apart from ${listed(groups.together)}`,
	]
		.filter((part) => part !== false)
		.join("; ");
}

interface Ends {
	readonly low: number;
	readonly high: number;
}

function standing(own: Ends, other: Ends): "ahead" | "behind" | "together" {
	if (own.low > other.high) return "ahead";
	return own.high < other.low ? "behind" : "together";
}
