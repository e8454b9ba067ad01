import type { ReportLine, ReportPoint } from "../../core/report.ts";
import { rate, rateWithInterval } from "./format.ts";

/** What the table shows of a point; nothing where the point has no such figure. */
type Column = readonly [title: string, cell: (point: ReportPoint) => string | undefined];

const WIN_RATE: Column = [
	"win rate against the teacher ± 95 %",
	({ winRate, low, high }) => rateWithInterval(winRate, low, high),
];
const ACCURACY: Column = ["accuracy", ({ accuracy }) => (accuracy === undefined ? undefined : rate(accuracy))];

const NONE = "–";

/** All lines by iteration: one column a line, or one block a line where the terminal is too narrow for that. */
export function resultTable(lines: readonly ReportLine[], width: number): string[] {
	const hasAccuracy = lines.some(({ points }) => points.some((point) => ACCURACY[1](point) !== undefined));
	const columns = hasAccuracy ? [WIN_RATE, ACCURACY] : [WIN_RATE];
	const wide = columns.map(([title, cell]) => ({ title, rows: grid(lines, cell) }));
	if (wide.every(({ rows }) => rows.every((row) => row.length <= width)))
		return wide.flatMap(({ title, rows }, index) => [...(index === 0 ? [] : [""]), title, ...rows]);
	return lines.flatMap(({ name, points }, index) => [
		...(index === 0 ? [] : [""]),
		name,
		...align([
			["iteration", "win rate", "accuracy"].slice(0, 1 + columns.length),
			...points.map((point) => [String(point.iteration), ...columns.map(([, cell]) => cell(point) ?? NONE)]),
		]),
	]);
}

function grid(lines: readonly ReportLine[], cell: Column[1]): string[] {
	const iterations = [...new Set(lines.flatMap(({ points }) => points.map(({ iteration }) => iteration)))];
	return align([
		["iteration", ...lines.map(({ name }) => name)],
		...iterations
			.sort((a, b) => a - b)
			.map((iteration) => [
				String(iteration),
				...lines.map(({ points }) => {
					const point = points.find((each) => each.iteration === iteration);
					return (point && cell(point)) ?? NONE;
				}),
			]),
	]);
}

function align(rows: readonly (readonly string[])[]): string[] {
	const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
	return rows.map((row) => `  ${row.map((cell, column) => cell.padStart(widths[column]!)).join("  ")}`);
}
