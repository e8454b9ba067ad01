import type { Report } from "../../core/report.ts";
import { listed, plural, time } from "../format.ts";
import { type Html, type HtmlValue, html } from "../html.ts";
import type { StyledLine } from "../lines.ts";
import { outcome } from "../outcome.ts";

/** What campaign this is, how it ended in one sentence, and what its figures say and do not say. */
export function header(report: Report, lines: readonly StyledLine[]): Html {
	const { campaign, config, findings } = report;
	const done = Math.max(0, ...report.iterations.map((iteration) => iteration.iteration));
	const isRunning = campaign.status === "running";
	const iterations = isRunning ? `${done} of ${config.iterations} finished` : String(done || config.iterations);
	const facts: readonly (readonly [string, HtmlValue])[] = [
		[campaign.seeds.length > 1 ? "Seeds (averaged over)" : "Seed", campaign.seeds.join(", ")],
		["Iterations", iterations],
		["Best policy on validation", campaign.best === 0 ? "the initial one" : `iteration ${campaign.best}`],
		// It may be broken behind a slash, or a narrow column would break it within a word.
		["Engine", campaign.engine.split("/").map((part, i) => html`${i > 0 && html`/<wbr>`}${part}`)],
		["Started", time(campaign.startedAt)],
		[isRunning ? "As of" : "Finished", time(campaign.updatedAt)],
	];
	return html`<header class="head">
<p class="kicker">Direct Nash Optimization campaign</p>
<h1>${campaign.name} <span class="status status-${campaign.status}">${campaign.status}</span></h1>
<p class="outcome">${outcome(report, lines)}</p>
<dl class="facts">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
${several(report)}
${
	findings.length > 0 &&
	html`<section class="findings" aria-labelledby="findings"><h2 id="findings">What the figures say</h2>
<ul>${findings.map((finding) => html`<li>${finding}</li>`)}</ul></section>`
}
</header>`;
}

function several({ campaign }: Report): Html | false {
	if (campaign.seeds.length < 2) return false;
	return html`<p class="note">Lines are means over ${plural(campaign.seeds.length, "campaign")} that differ in their seed
(${listed(campaign.seeds.map(String))}). Intervals are over the held-out prompts and hold these seeds fixed: they do not
say how far another seed would come out elsewhere.</p>`;
}
