import type { Report, ReportIteration } from "../core/report.ts";

/** The rows of one iteration number: one for a campaign, one a seed where several were put together. */
export interface IterationGroup {
	readonly iteration: number;
	readonly rows: readonly ReportIteration[];
}

export function groupIterations({ iterations }: Report): readonly IterationGroup[] {
	const groups = Map.groupBy(iterations, (row) => row.iteration);
	return [...groups].map(([iteration, rows]) => ({ iteration, rows })).sort((a, b) => a.iteration - b.iteration);
}

/** Mean of a figure over the rows of an iteration. */
export function meanOf(group: IterationGroup, read: (row: ReportIteration) => number): number {
	return group.rows.reduce((sum, row) => sum + read(row), 0) / group.rows.length;
}

/** Whether figures by iteration are means over several rows, which the page then says. */
export function areMeans(groups: readonly IterationGroup[]): boolean {
	return groups.some((group) => group.rows.length > 1);
}
