import type { Report, ReportIteration } from "../../core/report.ts";
import { count, shortHash } from "../format.ts";
import { type Html, html } from "../html.ts";

/** Which checkpoint each iteration was held against (promise 6), and which policy came out. */
export function checkpoints({ iterations, campaign }: Report): Html | false {
	if (iterations.length === 0) return false;
	return html`<section aria-labelledby="checkpoints"><h2 id="checkpoints">Checkpoints</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Checkpoints by iteration"><table class="left">
<caption><span>The reference π<sub>t</sub> of each iteration and the policy that came out</span></caption>
<thead><tr><th scope="col">Iteration</th><th scope="col">Reference</th><th scope="col">Policy</th><th scope="col">Steps</th>
<th scope="col">Folder</th></tr></thead><tbody>${iterations.map((row) => checkpointRow(row, campaign.best))}</tbody></table></div></section>`;
}

function checkpointRow({ iteration, reference, policy, steps }: ReportIteration, best: number): Html {
	const origin = reference.iteration === 0 ? "initial" : `of iteration ${reference.iteration}`;
	return html`<tr><th scope="row">${iteration}</th><td><code title="${reference.sha256}">${shortHash(reference.sha256)}</code>
<small>${origin}</small></td><td><code title="${policy.sha256}">${shortHash(policy.sha256)}</code>${
		policy.iteration === best && html` <span class="badge best">best on validation</span>`
	}</td><td>${count(steps)}</td><td><code>${policy.folder}</code></td></tr>`;
}
