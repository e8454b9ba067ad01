import type { Report, ReportPoint } from "../../core/report.ts";
import { forBothScreens } from "../charts/draw.ts";
import { drawRates } from "../charts/rate-chart.ts";
import { count, interval, percent } from "../format.ts";
import { type Html, html } from "../html.ts";
import { lastIteration, pointAt, type StyledLine } from "../lines.ts";
import { METRICS, type Metric, shownMetrics } from "../metrics.ts";
import { legend } from "./legend.ts";

/** The chart that the page is about, the two that stand beside it, and the same figures as tables. */
export function rates(report: Report, lines: readonly StyledLine[]): Html {
	const last = lastIteration(lines);
	return html`<section aria-labelledby="rates">
<h2 id="rates">Win rate by iteration</h2>
${
	last === undefined
		? html`<p class="empty">No policy has been evaluated yet. The lines begin with the initial policy.</p>`
		: html`${legend(lines)}
${figure(report, lines, METRICS.teacher, true)}
<div class="pair">${shownMetrics(lines).map((metric) => metric !== METRICS.teacher && figure(report, lines, metric, false))}</div>
<p class="hint">Whiskers and the band are 95 % intervals over held-out prompts. Point at a chart, or focus it and use the
arrow keys, to read its figures.</p>
${table(`Held-out figures at iteration ${last}`, endRows(lines, last), shownMetrics(lines))}
<details><summary>Figures of every iteration</summary>${table("Held-out figures of every iteration", allRows(lines), shownMetrics(lines))}</details>`
}
</section>`;
}

function figure(report: Report, lines: readonly StyledLine[], metric: Metric, isMain: boolean): Html {
	const chart = {
		lines,
		metric,
		iterations: report.config.iterations,
		height: isMain ? 420 : 270,
		hasLabels: isMain,
	};
	return html`<figure class="rate ${isMain ? "main" : ""}"><figcaption><h3>${metric.title}</h3>
<p>${metric.caption}</p></figcaption>
<div class="plot" tabindex="0">${forBothScreens(isMain ? 1040 : 505, 360, (canvas) => drawRates(chart, canvas))}</div></figure>`;
}

interface Row {
	readonly line: StyledLine;
	readonly point: ReportPoint;
}

function endRows(lines: readonly StyledLine[], last: number): readonly Row[] {
	return lines.flatMap((line) => {
		const point = pointAt(line, last);
		return point === undefined ? [] : [{ line, point }];
	});
}

function allRows(lines: readonly StyledLine[]): readonly Row[] {
	return lines.flatMap((line) => line.points.map((point) => ({ line, point })));
}

function table(caption: string, rows: readonly Row[], metrics: readonly Metric[]): Html {
	return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption><span>${caption}, in per cent with 95 % intervals</span></caption>
<thead><tr><th scope="col">Line</th><th scope="col">Iteration</th>${metrics.map((metric) => html`<th scope="col">${metric.title}</th>`)}
<th scope="col">Ties with the teacher</th><th scope="col">Validation win rate</th><th scope="col">Prompts (n)</th><th scope="col">Invalid</th><th scope="col">Unjudged</th>
<th scope="col">Validation: invalid</th><th scope="col">Validation: unjudged</th></tr></thead>
<tbody>${rows.map((each) => row(each, metrics))}</tbody></table></div>`;
}

function row({ line, point }: Row, metrics: readonly Metric[]): Html {
	return html`<tr class="${line.isMain ? "main" : ""}"><th scope="row">${line.label}</th><td>${point.iteration}</td>
${metrics.map((metric) => rate(metric, point))}<td>${percent(point.ties)}</td>
<td>${percent(point.validationWinRate)}</td><td>${count(point.n)}</td>
${[point.invalid, point.unjudged, point.validationInvalid, point.validationUnjudged].map((prompts) => html`<td>${count(prompts)}</td>`)}</tr>`;
}

function rate(metric: Metric, point: ReportPoint): Html {
	const figures = metric.read(point);
	if (figures === undefined) return html`<td>–</td>`;
	const { value, low, high } = figures;
	return html`<td>${percent(value)} <small>${interval(low, high)}</small></td>`;
}
