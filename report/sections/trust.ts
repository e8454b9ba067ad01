import type { Report } from "../../core/report.ts";
import { FIGURES, type FigureName, isConcern, type TrustFigures } from "../../core/trust.ts";
import { count, interval, percent, plural } from "../format.ts";
import { type Html, html } from "../html.ts";
import { FIGURE_LABELS, figureMeaning } from "../trust-text.ts";

/** How far the campaign's judges can be trusted, by their own verdicts; nothing where no model was asked. */
export function trust({ campaign, trust: judges = [] }: Report): Html | false {
	if (judges.length === 0) return false;
	return html`<section aria-labelledby="trust"><h2 id="trust">The judge’s own figures</h2>
<p>From the verdicts on DNO’s candidates${campaign.seeds.length > 1 && ` of seed ${campaign.seeds[0]}`}. Nobody knows which of these
answers are better: how often the judge is right is measured on a labelled set, by <code>dno judge check</code>.</p>
${judges.map(judge)}
<p class="hint">Per cent with 95 % intervals over prompts; n is the prompts that had anything to count. A preference of 50 % is
none. Figures that speak against the judge are marked.</p></section>`;
}

function judge(figures: TrustFigures): Html {
	const caption = `${figures.judge}, ${plural(figures.prompts, "prompt")}, ${plural(figures.questions, "question")}`;
	return html`<div class="scroll" tabindex="0" role="region" aria-label="Trust in ${figures.judge}"><table class="left trust">
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col">Figure</th><th scope="col">Value</th><th scope="col">n</th><th scope="col">What it says</th></tr></thead>
<tbody>${FIGURES.filter((name) => figures.figures[name] !== undefined).map((name) => row(name, figures))}</tbody></table></div>`;
}

function row(name: FigureName, figures: TrustFigures): Html {
	const { value, low, high, n } = figures.figures[name]!;
	const isMarked = isConcern(name, figures);
	return html`<tr class="${isMarked ? "concern" : ""}"><th scope="row">${FIGURE_LABELS[name]}</th>
<td>${percent(value)} <small>${interval(low, high)}</small></td><td>${count(n)}</td>
<td>${isMarked && html`<span class="badge broken">look here</span> `}${figureMeaning(name, figures)}</td></tr>`;
}
