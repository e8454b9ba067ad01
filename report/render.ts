import type { Report } from "../core/report.ts";
import { CONTENT_SECURITY_POLICY, PAGE_CSS, PAGE_JS } from "./assets.ts";
import { Html, html } from "./html.ts";
import { styleLines } from "./lines.ts";
import { checkpoints } from "./sections/checkpoints.ts";
import { data } from "./sections/data.ts";
import { examples } from "./sections/examples.ts";
import { header } from "./sections/header.ts";
import { legendStyle } from "./sections/legend.ts";
import { pairs } from "./sections/pairs.ts";
import { rates } from "./sections/rates.ts";
import { training } from "./sections/training.ts";
import { trust } from "./sections/trust.ts";

/**
 * report.html from the data of report.json: one file that loads nothing. The charts are drawn here, so the page can be
 * read, printed and toggled without its script, which adds the figures beside the pointer and the filter.
 */
export function renderReport(report: Report): string {
	const lines = styleLines(report.lines);
	return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${report.campaign.name} – dno report</title>
<link rel="icon" href="data:,">
<style>${new Html(PAGE_CSS)}
${new Html(legendStyle(lines))}</style></head>
<body><main>
${header(report, lines)}
${rates(report, lines)}
${pairs(report)}
${trust(report)}
${training(report)}
${checkpoints(report)}
${examples(report)}
${data(report)}
</main>
<script>${new Html(PAGE_JS)}</script></body></html>
`.text;
}
