import * as Plot from "@observablehq/plot";
import { visibleControls } from "../html.ts";
import { type Canvas, type Drawing, draw, wholeTicks } from "./draw.ts";

/** One kind of thing that is counted, from the bottom of the bars up. */
export interface Stack {
	readonly key: string;
	readonly label: string;
	/** Name of its colour, and of the colour of text on it. */
	readonly colour: string;
	readonly on: string;
}

interface StackedBar {
	readonly iteration: number;
	readonly values: Readonly<Record<string, number>>;
}

export interface StackedChart {
	readonly label: string;
	readonly stacks: readonly Stack[];
	readonly bars: readonly StackedBar[];
	readonly iterations: number;
	readonly height: number;
	/** A value as it is written in a bar and said when pointed at. */
	readonly format: (value: number) => string;
}

interface Segment {
	readonly iteration: number;
	readonly y1: number;
	readonly y2: number;
	readonly value: number;
	readonly stack: Stack;
}

const MARGIN = { top: 10, bottom: 28, left: 52 };
/** Lowest segment, in pixels, that has room for its figure. */
const MIN_TEXT_HEIGHT = 15;

/** Stacked bars by iteration. */
export function drawStacked(chart: StackedChart, canvas: Canvas): Drawing {
	const segments = chart.bars.flatMap((bar) => segmentsOf(bar, chart.stacks));
	const top = Math.max(1e-9, ...segments.map((segment) => segment.y2));
	const last = Math.max(chart.iterations, ...chart.bars.map((bar) => bar.iteration));
	const pixels = (chart.height - MARGIN.top - MARGIN.bottom) / top;
	const written = segments.filter((segment) => segment.value * pixels >= MIN_TEXT_HEIGHT);
	const hasRoom = (canvas.width - MARGIN.left) / last >= 34;
	return draw(
		{
			height: chart.height,
			marginTop: MARGIN.top,
			marginBottom: MARGIN.bottom,
			marginLeft: MARGIN.left,
			marginRight: 4,
			x: { type: "band", domain: [...wholeTicks(1, last, last)], label: null, padding: 0.22 },
			y: { domain: [0, top], label: null },
			marks: [
				Plot.gridY({ stroke: canvas.colour("rule"), strokeOpacity: 1, ticks: 4 }),
				Plot.axisY({ tickSize: 0, ticks: 4, tickFormat: chart.format, fill: canvas.colour("muted") }),
				Plot.axisX({
					ticks: [...wholeTicks(1, last, canvas.isNarrow ? 8 : 14)],
					tickSize: 0,
					fill: canvas.colour("muted"),
				}),
				...chart.stacks.map((stack) =>
					Plot.rectY(
						segments.filter((segment) => segment.stack === stack && segment.value > 0),
						{
							x: "iteration",
							y1: "y1",
							y2: "y2",
							insetTop: 1,
							fill: canvas.colour(stack.colour),
							className: `stack-${stack.colour}`,
							title: (s: Segment) =>
								`Iteration ${s.iteration}, ${visibleControls(stack.label)}: ${chart.format(s.value)}`,
						},
					),
				),
				...(hasRoom ? [Plot.text(written, textOptions(chart, canvas))] : []),
			],
		},
		canvas,
		chart.label,
	);
}

function segmentsOf(bar: StackedBar, stacks: readonly Stack[]): readonly Segment[] {
	let y1 = 0;
	return stacks.map((stack) => {
		const value = bar.values[stack.key] ?? 0;
		const segment = { iteration: bar.iteration, y1, y2: y1 + value, value, stack };
		y1 = segment.y2;
		return segment;
	});
}

function textOptions(chart: StackedChart, canvas: Canvas): Plot.TextOptions {
	return {
		x: "iteration",
		y: (s: Segment) => (s.y1 + s.y2) / 2,
		text: (s: Segment) => chart.format(s.value),
		fill: (s: Segment) => canvas.colour(s.stack.on),
		fontSize: 11,
		pointerEvents: "none",
	};
}
