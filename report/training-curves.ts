import type { Report } from "../core/report.ts";
import { mean } from "../core/statistics.ts";
import { styleLines } from "./lines.ts";

/** The training curves of one line, laid end to end over the campaign. */
export interface Curves {
	readonly label: string;
	readonly points: readonly {
		readonly x: number;
		readonly loss: number;
		readonly gradNorm: number;
		readonly iteration: number;
	}[];
	/** Iterations and the steps that they end after. */
	readonly ends: readonly { readonly iteration: number; readonly x: number }[];
}

/** Most points of one line's curve: more than a screen has pixels for would only make the page heavier. */
const MAX_POINTS = 360;

/** Every line's curves, in the order of the chart's lines. */
export function trainingCurves(report: Report): readonly Curves[] {
	const rows = report.iterations;
	const recorded = new Set(rows.flatMap((row) => Object.keys(row.losses)));
	const names = report.lines.map((line) => line.name).filter((name) => recorded.delete(name));
	return [...names, ...recorded].map((name) => {
		const ends: { iteration: number; x: number }[] = [];
		const points = rows.flatMap((row) => {
			const before = ends.at(-1)?.x ?? 0;
			const losses = row.losses[name] ?? [];
			// Steps may be counted within the iteration or over the campaign.
			const offset = (losses[0]?.step ?? 1) > before ? 0 : before;
			ends.push({ iteration: row.iteration, x: Math.max(before, offset + (losses.at(-1)?.step ?? 0)) });
			const stride = Math.ceil((losses.length * rows.length) / MAX_POINTS);
			return bins(losses, stride).map(({ step, ...rest }) => ({ ...rest, x: offset + step, iteration: row.iteration }));
		});
		return { label: styleLines([{ name, points: [] }])[0]!.label, points, ends };
	});
}

/** Means over `size` neighbouring steps. */
function bins<P extends { step: number; loss: number; gradNorm: number }>(points: readonly P[], size: number) {
	return Array.from({ length: Math.ceil(points.length / Math.max(1, size)) }, (_, i) => {
		const own = points.slice(i * size, (i + 1) * size);
		const over = (read: (point: P) => number): number => mean(own.map(read));
		return { step: over((p) => p.step), loss: over((p) => p.loss), gradNorm: over((p) => p.gradNorm) };
	});
}
