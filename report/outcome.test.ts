import { expect, it } from "vitest";
import { LINES } from "../core/events.ts";
import type { Report } from "../core/report.ts";
import { emptyReport, fixtureReport, runningReport } from "../test/browser/fixture-report.ts";
import { styleLines } from "./lines.ts";
import { outcome } from "./outcome.ts";

const said = (report: Report) => outcome(report, styleLines(report.lines)).replaceAll("\u00a0", " ");

/** The fixture with another end of its DNO line. */
function endingAt(winRate: number): Report {
	const made = fixtureReport();
	const [dno, ...others] = made.lines;
	const end = { ...dno!.points.at(-1)!, winRate, low: winRate - 0.02, high: winRate + 0.02 };
	return { ...made, lines: [{ ...dno!, points: [...dno!.points.slice(0, -1), end] }, ...others] };
}

it("says what the intervals part", () => {
	expect(said(fixtureReport())).toBe(
		"After 6 iterations DNO wins 65.5 % against its teacher (95 % interval 63.0–68.0, from 41.2 %): better than the teacher; ahead of Continued SFT, Offline DPO and Offline KTO.",
	);
});

it("says what they do not part, and what is worse", () => {
	expect(said(endingAt(0.52))).toContain(
		"not told apart from the teacher; ahead of Continued SFT; not told apart from Offline DPO and Offline KTO.",
	);
	expect(said(endingAt(0.3))).toContain(
		"not as good as the teacher; behind Continued SFT, Offline DPO and Offline KTO.",
	);
});

it("goes by the difference problem by problem, where the report holds it", () => {
	const made = endingAt(0.52);
	const lines = made.lines.map((line) =>
		line.name === LINES.offlineDpo ? { ...line, dnoAhead: { mean: -0.02, low: -0.03, high: -0.01, n: 200 } } : line,
	);
	expect(said({ ...made, lines })).toContain(
		"ahead of Continued SFT; behind Offline DPO; not told apart from Offline KTO.",
	);
});

it("speaks of a running campaign as of one that runs", () => {
	expect(said(emptyReport())).toBe("No policy has been evaluated yet.");
	expect(said(runningReport(0))).toBe(
		"The initial policy wins 41.2 % against the teacher; no iteration has finished yet.",
	);
	expect(said(runningReport(2))).toMatch(/^After 2 of 6 iterations DNO wins 58\.8 %/);
});
