import type { Report, ReportIteration } from "../../core/report.ts";
import { forBothScreens } from "../charts/draw.ts";
import { drawStacked, type Stack } from "../charts/stacked-chart.ts";
import { count, percent } from "../format.ts";
import { type Html, html } from "../html.ts";
import { keyOf } from "./key.ts";

type Read = (row: ReportIteration) => number;

const PAIRS: readonly (Stack & { readonly read: Read })[] = [
	{ key: "t", label: "T\u00a0≻\u00a0S", colour: "stack-0", on: "on-0", read: (row) => row.pairs.teacherOverStudent },
	{ key: "s", label: "S\u00a0≻\u00a0T", colour: "stack-1", on: "on-1", read: (row) => row.pairs.studentOverTeacher },
	{ key: "ss", label: "S\u00a0≻\u00a0S", colour: "stack-2", on: "on-2", read: (row) => row.pairs.studentOverStudent },
	{ key: "r", label: "replayed", colour: "stack-3", on: "on-3", read: (row) => row.pairs.replayed },
];
const VERDICTS: readonly (Stack & { readonly read: Read })[] = [
	{ key: "j", label: "judged", colour: "stack-1", on: "on-1", read: (row) => row.verdicts.judged },
	{ key: "i", label: "invalid", colour: "stack-4", on: "on-4", read: (row) => row.verdicts.invalid },
	{ key: "u", label: "unjudged", colour: "stack-3", on: "on-3", read: (row) => row.verdicts.unjudged },
];

/** What each iteration learned from: preference pairs by who won over whom, and what became of the verdicts. */
export function pairs(report: Report): Html {
	const { iterations } = report;
	if (iterations.length === 0) {
		return html`<section aria-labelledby="pairs"><h2 id="pairs">Pairs and verdicts</h2>
<p class="empty">No iteration has made its pairs yet.</p></section>`;
	}
	return html`<section aria-labelledby="pairs"><h2 id="pairs">Pairs and verdicts</h2>
<div class="pair">
${figure("Preference pairs trained on", "By whose answer won: the teacher’s (T) or the student’s (S).", PAIRS, report)}
${figure("Verdicts of the oracle", "Invalid and unjudged ones are neither trained on nor counted as a loss.", VERDICTS, report)}
</div>
${table(iterations)}
${offlineTable(iterations)}</section>`;
}

function figure(
	title: string,
	caption: string,
	stacks: readonly (Stack & { readonly read: Read })[],
	{ iterations, config }: Report,
): Html {
	const bars = iterations.map((row) => ({
		iteration: row.iteration,
		values: Object.fromEntries(stacks.map((stack) => [stack.key, stack.read(row)])),
	}));
	const chart = {
		label: `${title} by iteration, stacked; the table below has the figures.`,
		stacks,
		bars,
		iterations: config.iterations,
		height: 250,
		format: count,
	};
	return html`<figure><figcaption><h3>${title}</h3><p>${caption}</p></figcaption>${keyOf(stacks)}
<div class="plot">${forBothScreens(505, 360, (canvas) => drawStacked(chart, canvas))}</div></figure>`;
}

function table(iterations: readonly ReportIteration[]): Html {
	const columns: readonly (readonly [string, Read])[] = [
		...PAIRS.map(({ label, read }) => [capital(label), read] as const),
		["Prompts", (row) => row.verdicts.prompts],
		...VERDICTS.map(({ label, read }) => [capital(label), read] as const),
	];
	return html`<div class="scroll" tabindex="0" role="region" aria-label="Pairs and verdicts by iteration"><table>
<caption><span>Pairs and verdicts by iteration</span></caption>
<thead><tr><th scope="col">Iteration</th>${columns.map(([name]) => html`<th scope="col">${name}</th>`)}<th scope="col">Ties</th></tr></thead>
<tbody>${iterations.map(
		(row) =>
			html`<tr><th scope="row">${row.iteration}</th>${columns.map(
				([, read]) => html`<td>${count(read(row))}</td>`,
			)}<td>${percent(row.verdicts.ties)}</td></tr>`,
	)}</tbody></table></div>
<p class="hint">Ties: share of the comparisons between candidates of one prompt that tied.</p>`;
}

/** What became of the answers that the offline baselines' fixed preference set is made from. */
function offlineTable(iterations: readonly ReportIteration[]): Html | false {
	const rows = iterations.flatMap(({ iteration, offlineVerdicts }) =>
		Object.entries(offlineVerdicts).map(([line, counts]) => ({ iteration, line, counts })),
	);
	if (rows.length === 0) return false;
	const caption = "Verdicts on the offline lines’ preference set by iteration";
	return html`<details><summary>${caption}</summary><div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col">Iteration</th><th scope="col">Line</th><th scope="col">Prompts</th><th scope="col">Judged</th>
<th scope="col">Invalid</th><th scope="col">Unjudged</th><th scope="col">Ties</th></tr></thead>
<tbody>${rows.map(
		({ iteration, line, counts }) =>
			html`<tr><th scope="row">${iteration}</th><td>${line}</td>${[
				counts.prompts,
				counts.judged,
				counts.invalid,
				counts.unjudged,
			].map((prompts) => html`<td>${count(prompts)}</td>`)}<td>${percent(counts.ties)}</td></tr>`,
	)}</tbody></table></div></details>`;
}

function capital(label: string): string {
	return label.charAt(0).toUpperCase() + label.slice(1);
}
