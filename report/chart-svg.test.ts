import { parseHTML } from "linkedom";
import { expect, it } from "vitest";
import { emptyReport, fixtureReport, hostileReport, runningReport } from "../test/browser/fixture-report.ts";
import { winRateChartSvg } from "./chart-svg.ts";

it("stands alone: on white, with fixed colours, reading nothing else", () => {
	const svg = winRateChartSvg(fixtureReport());
	expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
	expect(svg).not.toMatch(/(?:fill|stroke)="var\(|href|url\(|<script/);
	const { document } = parseHTML(`<body>${svg}</body>`);
	expect(document.querySelector("rect")!.getAttribute("fill")).toBe("#ffffff");
	for (const slot of [0, 1, 2, 3])
		expect(document.querySelectorAll(`.series-${slot}[aria-label="line"] path`)).toHaveLength(1);
	for (const label of ["DNO", "Continued SFT", "Offline DPO", "Offline KTO"]) expect(svg).toContain(`>${label}</text>`);
});

it.each([emptyReport(), runningReport(0), runningReport(1)])("draws what there is while a campaign runs", (report) => {
	expect(winRateChartSvg(report)).not.toMatch(/NaN|Infinity|undefined/);
});

it("escapes names", () => {
	expect(winRateChartSvg(hostileReport())).not.toMatch(/<script|<img|<b>|"&(?!\w+;)/);
});
