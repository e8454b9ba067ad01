import type { Report } from "../../core/report.ts";
import { sum } from "../../core/statistics.ts";
import { type CurveChart, type CurvePoint, drawCurve, SMOOTHING } from "../charts/curve-chart.ts";
import { forAnyScreen, forBothScreens } from "../charts/draw.ts";
import { drawStacked, type Stack } from "../charts/stacked-chart.ts";
import { duration } from "../format.ts";
import { type Html, html } from "../html.ts";
import { styleLines } from "../lines.ts";
import { type Curves, trainingCurves } from "../training-curves.ts";
import { keyOf } from "./key.ts";

const STAGES: readonly (Stack & { readonly key: keyof Report["iterations"][number]["seconds"] })[] = [
	{ key: "sample", label: "sample", colour: "stack-0", on: "on-0" },
	{ key: "judge", label: "judge", colour: "stack-4", on: "on-4" },
	{ key: "train", label: "train", colour: "stack-1", on: "on-1" },
	{ key: "evaluate", label: "evaluate", colour: "stack-2", on: "on-2" },
	{ key: "baselines", label: "other lines", colour: "stack-3", on: "on-3" },
];

/** Training curves of every line and where the time went. */
export function training(report: Report): Html {
	const curves = trainingCurves(report);
	if (report.iterations.length === 0) {
		return html`<section aria-labelledby="training"><h2 id="training">Training</h2>
<p class="empty">No iteration has been trained yet.</p></section>`;
	}
	const seconds = report.iterations.map((row) => ({ iteration: row.iteration, values: row.seconds }));
	const total = sum(report.iterations.flatMap((row) => Object.values(row.seconds)));
	const label = "Seconds by stage and iteration, stacked; the table below has the figures.";
	const chart = {
		label,
		stacks: STAGES,
		bars: seconds,
		iterations: report.config.iterations,
		height: 230,
		format: short,
	};
	return html`<section aria-labelledby="training"><h2 id="training">Training and time</h2>
<h3>Loss by step</h3>
<p class="hint">Thin: as recorded; thick: mean over ${SMOOTHING} recorded steps. Rules part the iterations. The lines have
different losses, so their heights do not compare.</p>
<div class="grid">${curves.map((curve) => panel(report, curve, "loss"))}</div>
<details><summary>Gradient norms before clipping</summary><div class="grid">${curves.map((curve) => panel(report, curve, "gradNorm"))}</div></details>
<figure><figcaption><h3>Seconds by stage</h3><p>${duration(total)} in all.</p></figcaption>${keyOf(STAGES)}
<div class="plot">${forBothScreens(1040, 360, (canvas) => drawStacked(chart, canvas))}</div></figure>
${secondsTable(seconds)}</section>`;
}

function panel(report: Report, curves: Curves, what: "loss" | "gradNorm"): Html {
	const slot = styleLines(report.lines).find((line) => line.label === curves.label)?.slot ?? 0;
	const points: readonly CurvePoint[] = curves.points.map((p) => ({ x: p.x, y: p[what], iteration: p.iteration }));
	const name = what === "loss" ? "Training loss" : "Gradient norm";
	const chart: CurveChart = {
		label: `${name} of ${curves.label} by step`,
		slot,
		points,
		ends: curves.ends,
		height: 160,
	};
	return html`<figure class="small series-${slot}"><figcaption><h4>${curves.label}</h4></figcaption>
<div class="plot">${forAnyScreen(440, (canvas) => drawCurve(chart, canvas))}</div></figure>`;
}

function secondsTable(seconds: readonly { iteration: number; values: Readonly<Record<string, number>> }[]): Html {
	return html`<details><summary>Seconds as a table</summary><div class="scroll"><table><caption><span>Seconds by stage</span></caption>
<thead><tr><th scope="col">Iteration</th>${STAGES.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${seconds.map(
		({ iteration, values }) =>
			html`<tr><th scope="row">${iteration}</th>${STAGES.map(
				({ key }) => html`<td>${(values[key] ?? 0).toFixed(1)}</td>`,
			)}</tr>`,
	)}</tbody></table></div></details>`;
}

function short(value: number): string {
	return value >= 10 || value === 0 ? `${value.toFixed(0)} s` : `${value.toFixed(1)} s`;
}
