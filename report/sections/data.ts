import { stringify } from "yaml";
import type { Report } from "../../core/report.ts";
import { embeddedJson, type Html, html } from "../html.ts";

/** The config as it was used, and the data that every figure comes from, once. */
export function data(report: Report): Html {
	return html`<section aria-labelledby="config"><h2 id="config">Config and data</h2>
<details><summary>The config used, defaults filled in</summary><pre class="config" tabindex="0">${stringify(report.config)}</pre></details>
<p class="hint">Campaign <code>${report.campaign.id}</code>. This file holds all its data and loads nothing.
<button type="button" id="save" hidden>Save report.json</button></p>
<script type="application/json" id="report">${embeddedJson(report)}</script></section>`;
}
