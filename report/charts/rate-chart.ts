import * as Plot from "@observablehq/plot";
import { percent } from "../format.ts";
import { visibleControls } from "../html.ts";
import { lastIteration, SLOTS, type StyledLine } from "../lines.ts";
import type { Metric } from "../metrics.ts";
import { type Canvas, type Drawing, draw, wholeTicks } from "./draw.ts";
import { freestPlace } from "./free-place.ts";

export interface RateChart {
	readonly lines: readonly StyledLine[];
	readonly metric: Metric;
	/** Iterations the campaign is to have: the room for those to come stays empty. */
	readonly iterations: number;
	readonly height: number;
	/** Names at the lines' ends. */
	readonly hasLabels: boolean;
}

interface Mark {
	/** Iteration moved aside a little, so that the lines' error bars stand beside each other. */
	readonly x: number;
	readonly value: number;
	readonly low: number;
	readonly high: number;
}

const MARGIN = { top: 14, bottom: 44, left: 46 };
const LABEL_ROOM = 112;
const LABEL_HEIGHT = 16;
/** Room for the words at the even level, in pixels. */
const EVEN_LABEL_WIDTH = 160;

/** Win rate or accuracy in per cent by iteration: a line a method, with 95 % intervals. */
export function drawRates(chart: RateChart, canvas: Canvas): Drawing {
	const { lines, metric, height } = chart;
	const last = Math.max(chart.iterations, lastIteration(lines) ?? 0);
	const drawn = lines
		.map((line) => ({ ...line, points: line.points.filter((point) => metric.read(point) !== undefined) }))
		.filter((line) => line.points.length > 0);
	const marks = drawn.map((line, i) => marksOf(line, metric, aside(i, drawn.length, last, canvas.width)));
	const domain = rateDomain(marks.flat(), metric);
	const withLabels = chart.hasLabels && !canvas.isNarrow;
	const plotHeight = height - MARGIN.top - MARGIN.bottom;
	const heights = labelHeights(marks, domain, plotHeight);
	const even = 100 * (metric.even?.rate ?? 0);
	const textWidth = (EVEN_LABEL_WIDTH * last) / (canvas.width - MARGIN.left - (withLabels ? LABEL_ROOM : 10));
	// The label stands above its rule, so that is the height to keep free.
	const evenPlace = freestPlace(marks, even + (12 * (domain[1] - domain[0])) / plotHeight, [0, last], textWidth);
	// The main line is drawn last, over the others.
	const order = drawn.map((_, i) => i).sort((a, b) => Number(drawn[a]!.isMain) - Number(drawn[b]!.isMain));
	return draw(
		{
			height,
			marginTop: MARGIN.top,
			marginBottom: MARGIN.bottom,
			marginLeft: MARGIN.left,
			marginRight: withLabels ? LABEL_ROOM : 10,
			x: { domain: [0, last], label: null, inset: 14 },
			y: { domain: [...domain], label: null },
			marks: [
				Plot.gridY({ stroke: canvas.colour("rule"), strokeOpacity: 1, ticks: 5 }),
				Plot.axisY({ tickSize: 0, ticks: 5, tickFormat: (v: number) => `${v}\u00a0%`, fill: canvas.colour("muted") }),
				Plot.axisX([...wholeTicks(0, last, canvas.isNarrow ? 6 : 12)], {
					tickSize: 4,
					tickFormat: (i: number) => (i === 0 ? "0\ninitial" : String(i)),
					color: canvas.colour("muted"),
					label: "training iteration",
					labelAnchor: "right",
					labelArrow: "none",
					labelOffset: 34,
				}),
				...(metric.even === undefined ? [] : evenMarks(metric.even, canvas, evenPlace)),
				...order.flatMap((i) => seriesMarks(drawn[i]!, marks[i]!, canvas)),
				...(withLabels
					? order.map((i) => endLabel(drawn[i]!, drawn[i]!.points.at(-1)!.iteration, heights[i]!, canvas))
					: []),
			],
		},
		canvas,
		spoken(drawn, metric),
		// Where the page's script finds the iterations, for the figures it shows beside the pointer.
		(xOf) => ({
			"data-metric": metric.key,
			"data-last": String(last),
			"data-from": xOf(0).toFixed(2),
			"data-to": xOf(last).toFixed(2),
		}),
	);
}

function marksOf(line: StyledLine, metric: Metric, shift: number): readonly Mark[] {
	return line.points.map((point) => {
		const { value, low, high } = metric.read(point)!;
		return { x: point.iteration + shift, value: 100 * value, low: 100 * low, high: 100 * high };
	});
}

/** How far line `i` of `n` stands aside, in iterations: four pixels from the next one. */
function aside(i: number, n: number, last: number, width: number): number {
	return ((i - (n - 1) / 2) * 4 * last) / width;
}

/** Whole tens of per cent around every interval and the even level, within 0 and 100. */
function rateDomain(marks: readonly Mark[], metric: Metric): readonly [number, number] {
	const even = metric.even === undefined ? [] : [100 * metric.even.rate];
	const all = [...marks.flatMap((mark) => [mark.low, mark.high]), ...even];
	if (all.length === 0) return [0, 100];
	const low = Math.max(0, Math.floor((Math.min(...all) - 1) / 5) * 5);
	const high = Math.min(100, Math.ceil((Math.max(...all) + 1) / 5) * 5);
	return low < high ? [low, high] : [0, 100];
}

function evenMarks(even: NonNullable<Metric["even"]>, canvas: Canvas, place: number): readonly Plot.Markish[] {
	const y = 100 * even.rate;
	return [
		Plot.ruleY([y], { stroke: canvas.colour("ink"), strokeWidth: 1.25, strokeDasharray: "6 4" }),
		Plot.text([even.label], {
			x: () => place,
			y: () => y,
			dy: -8,
			fontSize: 11,
			fill: canvas.colour("muted"),
			stroke: canvas.colour("paper"),
			strokeWidth: 4,
			text: (label: string) => label,
		}),
	];
}

function seriesMarks(line: StyledLine, marks: readonly Mark[], canvas: Canvas): readonly Plot.Markish[] {
	const colour = canvas.colour(`line-${line.slot % SLOTS}`);
	const className = `series-${line.slot}`;
	const data = [...marks];
	const band = Plot.areaY(data, { x: "x", y1: "low", y2: "high", fill: colour, fillOpacity: 0.16, className });
	return [
		...(line.isMain && data.length > 1 ? [band] : []),
		Plot.ruleX(data, {
			x: "x",
			y1: "low",
			y2: "high",
			stroke: colour,
			strokeWidth: line.isMain ? 2 : 1.25,
			strokeOpacity: line.isMain ? 1 : 0.75,
			className,
		}),
		Plot.line(data, {
			x: "x",
			y: "value",
			stroke: colour,
			strokeWidth: line.isMain ? 3.25 : 1.75,
			strokeLinejoin: "round",
			...(line.dash === undefined ? {} : { strokeDasharray: line.dash }),
			className,
		}),
		Plot.dot(data, {
			x: "x",
			y: "value",
			symbol: line.symbol,
			r: line.isMain ? 4.5 : 3.25,
			fill: line.isMain ? colour : canvas.colour("paper"),
			stroke: colour,
			strokeWidth: 1.75,
			className,
		}),
	];
}

function endLabel(line: StyledLine, x: number, y: number, canvas: Canvas): Plot.Markish {
	return Plot.text([line.label], {
		x: () => x,
		y: () => y,
		dx: 12,
		textAnchor: "start",
		fontSize: 13,
		fontWeight: line.isMain ? 700 : 500,
		lineWidth: 11,
		textOverflow: "ellipsis",
		fill: canvas.colour(`line-${line.slot % SLOTS}`),
		className: `series-${line.slot}`,
		text: (label: string) => visibleControls(label),
	});
}

/** Where the lines' names go, in per cent: at their last points, moved apart where they would touch. */
function labelHeights(
	marks: readonly (readonly Mark[])[],
	[low, high]: readonly [number, number],
	plotHeight: number,
): readonly number[] {
	const gap = (LABEL_HEIGHT * (high - low)) / plotHeight;
	const order = marks.map((own, i) => ({ i, y: own.at(-1)!.value })).sort((a, b) => b.y - a.y);
	for (const [rank, label] of order.entries()) if (rank > 0) label.y = Math.min(label.y, order[rank - 1]!.y - gap);
	order.reverse();
	for (const [rank, label] of order.entries()) {
		label.y = Math.max(label.y, rank === 0 ? low : order[rank - 1]!.y + gap);
	}
	return order.sort((a, b) => a.i - b.i).map((label) => label.y);
}

/** The chart in words, for who cannot see it; the table beneath has every figure. */
function spoken(lines: readonly StyledLine[], metric: Metric): string {
	const ends = lines.map((line) => {
		const point = line.points.at(-1)!;
		return `${line.label} ${percent(metric.read(point)!.value)} at iteration ${point.iteration}`;
	});
	return `${metric.title} by iteration: ${ends.join("; ")}.`;
}
