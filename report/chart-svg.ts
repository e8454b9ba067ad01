import type { Report } from "../core/report.ts";
import type { Canvas } from "./charts/draw.ts";
import { drawRates } from "./charts/rate-chart.ts";
import { plural } from "./format.ts";
import { escapeHtml } from "./html.ts";
import { lastIteration, styleLines } from "./lines.ts";
import { METRICS } from "./metrics.ts";
import { fixedColour } from "./palette.ts";

const WIDTH = 860;
const HEIGHT = 480;
const TOP = 74;
const PAD = 24;

/**
 * The main chart as a file of its own, for a README: on white, whatever the page around it is, with fixed colours,
 * since an image knows nothing of the page's style sheet.
 */
export function winRateChartSvg(report: Report): string {
	const lines = styleLines(report.lines);
	const canvas: Canvas = { width: WIDTH - 2 * PAD, colour: fixedColour, isNarrow: false };
	const isEmpty = lastIteration(lines) === undefined;
	const chart = isEmpty
		? undefined
		: drawRates(
				{
					lines,
					metric: METRICS.teacher,
					iterations: report.config.iterations,
					height: HEIGHT - TOP - 14,
					hasLabels: true,
				},
				canvas,
			).svg.replace("<svg ", `<svg x="${PAD}" y="${TOP}" `);
	return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" color="${fixedColour("ink")}">
<rect width="${WIDTH}" height="${HEIGHT}" rx="8" fill="#ffffff"/>
<text x="${PAD}" y="36" font-size="19" font-weight="650" fill="${fixedColour("ink")}">${METRICS.teacher.title}</text>
<text x="${PAD}" y="58" font-size="13" fill="${fixedColour("muted")}">${escapeHtml(subtitle(report))}</text>
${chart ?? `<text x="${PAD}" y="${TOP + 40}" font-size="14" fill="${fixedColour("muted")}">No policy has been evaluated yet.</text>`}
</svg>
`;
}

function subtitle({ campaign, lines }: Report): string {
	const n = Math.max(0, ...lines.flatMap((line) => line.points.map((point) => point.n)));
	const seeds =
		campaign.seeds.length > 1 ? `mean of ${plural(campaign.seeds.length, "seed")}` : `seed ${campaign.seeds.join()}`;
	const prompts = n === 0 ? "" : ` · ${plural(n, "held-out prompt")}`;
	return `${campaign.name} · ${seeds}${prompts} · ties count half, whiskers are 95 % intervals`;
}
