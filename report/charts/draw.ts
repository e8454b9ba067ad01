import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { escapeHtml, Html, html } from "../html.ts";

/** What a chart is drawn into: its width in pixels and where its colours come from. */
export interface Canvas {
	readonly width: number;
	/** The colour by its name: a CSS variable on the page, which follows light and dark, a fixed one in a file. */
	readonly colour: (name: string) => string;
	readonly isNarrow: boolean;
}

export interface Drawing {
	readonly svg: string;
	/** Pixel position of an x value. */
	readonly xOf: (value: number) => number;
}

const FONT = 12;

/** Draws a plot to SVG without a browser. `label` is what a screen reader says in its place. */
export function draw(
	options: Plot.PlotOptions,
	canvas: Canvas,
	label: string,
	attributes: (xOf: Drawing["xOf"]) => Readonly<Record<string, string>> = () => ({}),
): Drawing {
	const { document } = parseHTML("<!doctype html><html><body></body></html>");
	const plot = Plot.plot({
		document: document as never,
		width: canvas.width,
		style: { fontSize: `${FONT}px`, fontFamily: "inherit", overflow: "visible" } as never,
		...options,
	}) as unknown as DrawnPlot;
	const xScale = plot.scale("x");
	const xOf = (value: number): number => xScale?.apply?.(value) ?? 0;
	// Written here and not by setAttribute, since linkedom leaves < and & in attributes as they are, which is no XML.
	const written = Object.entries({ role: "img", "aria-label": label, ...attributes(xOf) })
		.map(([name, value]) => ` ${name}="${escapeHtml(value)}"`)
		.join("");
	return { svg: shortNumbers(plot.outerHTML.replace("<svg", () => `<svg${written}`)), xOf };
}

interface DrawnPlot {
	readonly outerHTML: string;
	scale(name: "x"): { apply?(value: unknown): number } | undefined;
}

/** Drops digits that no screen shows: curves of many points are most of the page. */
function shortNumbers(svg: string): string {
	return svg.replace(/(?<=[\s,"MLHVCZ(-])(\d+\.\d\d)\d+(?=[\s,"MLHVCZ)-])/g, "$1");
}

/** On the page colours are CSS variables, so that one drawing serves light, dark and print. */
function pageColour(name: string): string {
	return `var(--${name})`;
}

/**
 * A chart for a wide and one for a narrow screen, of which the style sheet shows one. Scaling a single drawing down to
 * a phone would leave its text unreadable.
 */
export function forBothScreens(wide: number, narrow: number, drawOn: (canvas: Canvas) => Drawing): Html {
	const one = (width: number, isNarrow: boolean): Html => new Html(drawOn({ width, colour: pageColour, isNarrow }).svg);
	return html`<div class="wide-only">${one(wide, false)}</div><div class="narrow-only">${one(narrow, true)}</div>`;
}

/** A chart small enough to be read at one size on both. */
export function forAnyScreen(width: number, drawOn: (canvas: Canvas) => Drawing): Html {
	return new Html(drawOn({ width, colour: pageColour, isNarrow: true }).svg);
}

/** Whole numbers from `first` to `last`, thinned to at most `most`, for ticks at iterations. */
export function wholeTicks(first: number, last: number, most: number): readonly number[] {
	const step = Math.max(1, Math.ceil((last - first + 1) / most));
	return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);
}
