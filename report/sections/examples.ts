import type { Report, ReportExample } from "../../core/report.ts";
import { type AlignedPart, diffTexts, type TextDiff } from "../diff.ts";
import { count } from "../format.ts";
import { type Html, html } from "../html.ts";
import { METRICS, shownMetrics } from "../metrics.ts";

/** Examples shown before "Show more"; the style sheet hides the others once the script runs. */
const PAGE = 6;

type Judged = ReportExample["before"];

/**
 * Held-out problems whose answer changed, for the better and for the worse, with the differing step marked. Nothing where
 * the oracle does not say which answers are right.
 */
export function examples(report: Report): Html | false {
	const isEvaluated = report.lines.some((line) => line.points.length > 0);
	if (isEvaluated && !shownMetrics(report.lines).includes(METRICS.accuracy)) return false;
	const { changes } = report;
	const shown = report.examples;
	const of = (change: ReportExample["change"]): number => shown.filter((example) => example.change === change).length;
	return html`<section aria-labelledby="examples"><h2 id="examples">Before and after</h2>
<p>Held-out problems whose first sampled answer changed between the initial and the last policy.</p>
<div class="tally"><p class="fixed"><strong>${count(changes.fixed)}</strong> fixed <small>wrong before, right after</small></p>
<p class="broken"><strong>${count(changes.broken)}</strong> broken <small>right before, wrong after</small></p></div>
${
	shown.length === 0
		? html`<p class="empty">${
				changes.fixed + changes.broken === 0 ? "No answer has changed yet." : "No example is in this report."
			}</p>`
		: html`<form class="filter" role="search" hidden>
<fieldset><legend>Show</legend>
<label><input type="radio" name="change" value="" checked> All (${shown.length})</label>
<label><input type="radio" name="change" value="fixed"> Fixed (${of("fixed")})</label>
<label><input type="radio" name="change" value="broken"> Broken (${of("broken")})</label></fieldset>
<label class="search">Search <input type="search" name="words" placeholder="words or numbers" autocomplete="off"></label></form>
<p class="hint" id="examples-shown" role="status">${of("fixed")} of ${count(changes.fixed)} fixed and ${of("broken")} of
${count(changes.broken)} broken ones are in this report.</p>
<ol class="examples" data-page="${PAGE}">${mixed(shown).map(card)}</ol>
<button type="button" id="more" hidden>Show more</button>`
}</section>`;
}

/** Fixed and broken ones by turns, so that the first page shows both. */
function mixed(all: readonly ReportExample[]): readonly ReportExample[] {
	const fixed = all.filter((example) => example.change === "fixed");
	const broken = all.filter((example) => example.change === "broken");
	const length = Math.max(fixed.length, broken.length);
	return Array.from({ length }, (_, i) => [fixed[i], broken[i]])
		.flat()
		.filter((example) => example !== undefined);
}

function card({ prompt, teacher, before, after, change }: ReportExample): Html {
	const diff = diffTexts(before.text, after.text);
	return html`<li class="example ${change}" data-change="${change}"><p class="badge ${change}">${change}</p>
<p class="prompt">${prompt}</p>
${diff.unit === "step" ? steps(diff, before, after) : words(diff, before, after)}
<p class="teacher"><span class="who">Teacher</span> ${mark(teacher)} <span class="answer">${teacher.text}</span>${reason(teacher)}</p></li>`;
}

function steps(diff: TextDiff, before: Judged, after: Judged): Html {
	return html`<table class="diff"><thead><tr><th scope="col">Before ${mark(before)}</th><th scope="col">After ${mark(after)}</th></tr></thead>
<tbody>${diff.parts.map(
		(part, i) =>
			html`<tr class="${rowClass(part, i, diff)}">${cell(part.before, part, "del", i === diff.firstDifference)}${cell(part.after, part, "ins")}</tr>`,
	)}</tbody><tfoot><tr><td>${reason(before)}</td><td>${reason(after)}</td></tr></tfoot></table>`;
}

function rowClass(part: AlignedPart, i: number, diff: TextDiff): string {
	if (part.isSame) return "same";
	return i === diff.firstDifference ? "differs first" : "differs";
}

function cell(text: string | undefined, part: AlignedPart, tag: "ins" | "del", isFirst = false): Html {
	const said = isFirst && html`<span class="said">first difference: </span>`;
	if (text === undefined) return html`<td class="gap">${said}–<span class="said"> no such step</span></td>`;
	return html`<td>${said}${part.isSame ? text : changed(text, tag)}</td>`;
}

function changed(text: string, tag: "ins" | "del"): Html {
	return tag === "ins" ? html`<ins>${text}</ins>` : html`<del>${text}</del>`;
}

function words(diff: TextDiff, before: Judged, after: Judged): Html {
	const side = (which: "before" | "after", tag: "ins" | "del"): HtmlParts =>
		diff.parts.map((part) => {
			const text = part[which];
			if (text === undefined) return "";
			return part.isSame ? `${text} ` : html`${changed(text, tag)} `;
		});
	return html`<table class="diff prose"><thead><tr><th scope="col">Before ${mark(before)}</th><th scope="col">After ${mark(after)}</th></tr></thead>
<tbody><tr><td>${side("before", "del")}</td><td>${side("after", "ins")}</td></tr></tbody>
<tfoot><tr><td>${reason(before)}</td><td>${reason(after)}</td></tr></tfoot></table>`;
}

type HtmlParts = readonly (Html | string)[];

function mark({ correct }: Judged): Html {
	return correct ? html`<span class="mark right">✓ right</span>` : html`<span class="mark wrong">✗ wrong</span>`;
}

function reason(judged: Judged): Html | false {
	return judged.reason !== "" && html`<span class="reason">${judged.reason}</span>`;
}
