import type { Report, ReportIteration } from "../../core/report.ts";
import { forBothScreens } from "../charts/draw.ts";
import { drawStacked, type Stack } from "../charts/stacked-chart.ts";
import { count, percent } from "../format.ts";
import { type Html, html } from "../html.ts";
import { areMeans, groupIterations, type IterationGroup, meanOf } from "../iterations.ts";
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
	const groups = groupIterations(report);
	if (groups.length === 0) {
		return html`<section aria-labelledby="pairs"><h2 id="pairs">Pairs and verdicts</h2>
<p class="empty">No iteration has made its pairs yet.</p></section>`;
	}
	return html`<section aria-labelledby="pairs"><h2 id="pairs">Pairs and verdicts</h2>
${areMeans(groups) && html`<p class="note">Counts are means over the seeds.</p>`}
<div class="pair">
${figure("Preference pairs trained on", "By whose answer won: the teacher’s (T) or the student’s (S).", PAIRS, groups, report)}
${figure("Verdicts of the oracle", "Invalid and unjudged ones are neither trained on nor counted as a loss.", VERDICTS, groups, report)}
</div>
${table(groups)}</section>`;
}

function figure(
	title: string,
	caption: string,
	stacks: readonly (Stack & { readonly read: Read })[],
	groups: readonly IterationGroup[],
	report: Report,
): Html {
	const bars = groups.map((group) => ({
		iteration: group.iteration,
		values: Object.fromEntries(stacks.map((stack) => [stack.key, meanOf(group, stack.read)])),
	}));
	const chart = {
		label: `${title} by iteration, stacked; the table below has the figures.`,
		stacks,
		bars,
		iterations: report.config.iterations,
		height: 250,
		format: count,
	};
	return html`<figure><figcaption><h3>${title}</h3><p>${caption}</p></figcaption>${keyOf(stacks)}
<div class="plot">${forBothScreens(505, 360, (canvas) => drawStacked(chart, canvas))}</div></figure>`;
}

function table(groups: readonly IterationGroup[]): Html {
	const columns: readonly (readonly [string, Read])[] = [
		...PAIRS.map(({ label, read }) => [capital(label), read] as const),
		["Prompts", (row) => row.verdicts.prompts],
		...VERDICTS.map(({ label, read }) => [capital(label), read] as const),
	];
	return html`<div class="scroll" tabindex="0" role="region" aria-label="Pairs and verdicts by iteration"><table>
<caption><span>Pairs and verdicts by iteration</span></caption>
<thead><tr><th scope="col">Iteration</th>${columns.map(([name]) => html`<th scope="col">${name}</th>`)}<th scope="col">Ties</th></tr></thead>
<tbody>${groups.map(
		(group) =>
			html`<tr><th scope="row">${group.iteration}</th>${columns.map(
				([, read]) => html`<td>${count(meanOf(group, read))}</td>`,
			)}<td>${percent(meanOf(group, (row) => row.verdicts.ties))}</td></tr>`,
	)}</tbody></table></div>
<p class="hint">Ties: share of the comparisons between candidates of one prompt that tied.</p>`;
}

function capital(label: string): string {
	return label.charAt(0).toUpperCase() + label.slice(1);
}
