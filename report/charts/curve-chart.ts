import * as Plot from "@observablehq/plot";
import { type Canvas, type Drawing, draw } from "./draw.ts";

/** One value of a training curve. */
export interface CurvePoint {
	/** Steps over the whole campaign. */
	readonly x: number;
	readonly y: number;
	/** Iteration it belongs to: curves break between iterations, where the reference and so the loss start anew. */
	readonly iteration: number;
}

export interface CurveChart {
	readonly label: string;
	readonly slot: number;
	readonly points: readonly CurvePoint[];
	/** Iterations and the steps that they end after. */
	readonly ends: readonly { readonly iteration: number; readonly x: number }[];
	readonly height: number;
}

/** Steps that the thick curve averages over. */
export const SMOOTHING = 15;

/** A training curve by step: thin as it was, thick as a moving average, iterations parted by rules. */
export function drawCurve(chart: CurveChart, canvas: Canvas): Drawing {
	const colour = canvas.colour(`line-${chart.slot}`);
	const points = [...chart.points];
	const starts = chart.ends.map((end, i) => ({ iteration: end.iteration, x: chart.ends[i - 1]?.x ?? 0 }));
	return draw(
		{
			height: chart.height,
			marginTop: 18,
			marginBottom: 24,
			marginLeft: 40,
			marginRight: 8,
			x: { domain: [0, Math.max(1, chart.ends.at(-1)?.x ?? 1)], label: null },
			y: { label: null, nice: true },
			marks: [
				Plot.gridY({ stroke: canvas.colour("rule"), strokeOpacity: 1, ticks: 4 }),
				Plot.axisY({ tickSize: 0, ticks: 4, fill: canvas.colour("muted") }),
				Plot.axisX({ tickSize: 3, ticks: 4, color: canvas.colour("muted") }),
				Plot.ruleX(starts.slice(1), { x: "x", stroke: canvas.colour("rule") }),
				Plot.text(starts, {
					x: "x",
					frameAnchor: "top-left",
					textAnchor: "start",
					dx: 3,
					dy: -13,
					fontSize: 10,
					fill: canvas.colour("muted"),
					text: (start: { iteration: number }) => String(start.iteration),
				}),
				Plot.line(points, { x: "x", y: "y", z: "iteration", stroke: colour, strokeWidth: 1, strokeOpacity: 0.35 }),
				Plot.line(
					points,
					Plot.windowY({ k: SMOOTHING }, { x: "x", y: "y", z: "iteration", stroke: colour, strokeWidth: 2 }) as never,
				),
			],
		},
		canvas,
		chart.label,
	);
}
