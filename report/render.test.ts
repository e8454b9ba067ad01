import { parseHTML } from "linkedom";
import { expect, it } from "vitest";
import type { Report } from "../core/report.ts";
import {
	emptyReport,
	fixtureReport,
	HOSTILE,
	hostileReport,
	rankingReport,
	runningReport,
	severalSeedsReport,
} from "../test/browser/fixture-report.ts";
import { renderReport } from "./render.ts";

const page = (report: Report) => parseHTML(renderReport(report)).document;
const text = (report: Report) => page(report).querySelector("main")!.textContent!.replaceAll("\u00a0", " ");
const embedded = (report: Report) => JSON.parse(page(report).querySelector("#report")!.textContent!);

it("is one file that names no other", () => {
	const html = renderReport(fixtureReport());
	expect(html).not.toMatch(/(?:src|href|action)="(?!data:,)/);
	expect(html).not.toMatch(/url\(|@import/);
	expect(html).toContain("default-src &#39;none&#39;");
	expect(html.length).toBeLessThan(600_000);
});

it("is a function of the report alone", () => {
	expect(renderReport(fixtureReport())).toBe(renderReport(fixtureReport()));
});

it("holds the report once, as it is", () => {
	expect(embedded(fixtureReport())).toEqual(fixtureReport());
	expect(page(fixtureReport()).querySelectorAll('script[type="application/json"]')).toHaveLength(1);
});

it("draws one line and one set of intervals a method in each of the three charts", () => {
	const document = page(fixtureReport());
	for (const metric of ["teacher", "initial", "accuracy"]) {
		const chart = document.querySelector(`.wide-only svg[data-metric="${metric}"]`)!;
		for (const slot of [0, 1, 2, 3]) {
			expect(chart.querySelectorAll(`.series-${slot}[aria-label="line"] path`)).toHaveLength(1);
			expect(chart.querySelectorAll(`.series-${slot}[aria-label="rule"] line`)).toHaveLength(7);
		}
	}
});

it("shows every figure of every point in a table", () => {
	const made = fixtureReport();
	const rows = [...page(made).querySelectorAll("details tbody tr")].map((row) => row.textContent!.replace(/\s+/g, " "));
	for (const line of made.lines) {
		for (const point of line.points) {
			const row = rows.find((r) => r.startsWith(`${line.name}${point.iteration} `))!;
			for (const rate of [point.winRate, point.low, point.accuracy!, point.winRateAgainstInitialHigh, point.ties]) {
				expect(row).toContain((100 * rate).toFixed(1));
			}
		}
	}
});

it("shows fixed and broken examples with the counts of all", () => {
	const shown = text(fixtureReport());
	expect(shown).toMatch(/171 fixed/);
	expect(shown).toMatch(/14 broken/);
	const document = page(fixtureReport());
	expect(document.querySelectorAll(".example.fixed")).toHaveLength(28);
	expect(document.querySelectorAll(".example.broken")).toHaveLength(6);
	expect(document.querySelectorAll("tr.differs.first")).toHaveLength(34);
});

it("names each iteration's reference and the policy that came out", () => {
	const made = fixtureReport();
	const shown = text(made);
	for (const { reference, policy } of made.iterations) {
		expect(shown).toContain(reference.sha256.slice(0, 10));
		expect(shown).toContain(policy.folder);
	}
});

it("shows no accuracy where the oracle does not say what is right", () => {
	const [shown] = text(rankingReport()).split("Config and data");
	expect(shown).not.toMatch(/accuracy|fixed \d|broken|undefined|NaN/i);
	expect(page(rankingReport()).querySelectorAll(".wide-only svg[data-metric]")).toHaveLength(2);
	expect(text(fixtureReport())).toMatch(/Accuracy/);
});

it("renders a campaign that has nothing yet", () => {
	const shown = text(emptyReport());
	expect(shown).toContain("No policy has been evaluated yet.");
	expect(shown).toContain("0 of 6 finished");
	expect(shown).not.toMatch(/NaN|undefined|Infinity/);
});

it.each([0, 1, 3])("renders a campaign that runs, %i iterations done", (done) => {
	const html = renderReport(runningReport(done));
	expect(html).not.toMatch(/NaN|Infinity/);
	expect(text(runningReport(done))).toContain(`${done} of 6 finished`);
});

it("renders reports without baselines, with other lines, with points of unequal number", () => {
	const made = fixtureReport();
	const [dno, sft] = made.lines;
	const odd = {
		...made,
		lines: [{ name: "my method", points: sft!.points.slice(0, 2) }, dno!, { name: "x", points: [] }],
	};
	expect(renderReport(odd)).not.toMatch(/NaN|Infinity/);
	expect(page(odd).querySelectorAll(".legend input")).toHaveLength(3);
	expect(page({ ...made, lines: [dno!] }).querySelectorAll(".legend input")).toHaveLength(1);
	expect(renderReport({ ...made, lines: [] })).toContain("No policy has been evaluated yet.");
});

it("puts several seeds' iterations together as means, and says so", () => {
	const shown = text(severalSeedsReport());
	expect(shown).toContain("Seeds (averaged over)");
	expect(shown).toContain("0, 1, 2");
	expect(shown).toContain("Counts are means over the seeds.");
	const rows = (report: Report) =>
		page(report).querySelectorAll('[aria-label="Pairs and verdicts by iteration"] tbody tr');
	expect([...rows(severalSeedsReport())].map((row) => row.textContent)).toEqual(
		[...rows(fixtureReport())].map((row) => row.textContent),
	);
});

it("lets no text of the report become markup", () => {
	const hostile = hostileReport();
	const document = page(hostile);
	expect([...document.querySelectorAll("script")].map((s) => s.getAttribute("type"))).toEqual([
		"application/json",
		null,
	]);
	expect(document.querySelectorAll("img, iframe, [onerror], [onload]")).toHaveLength(0);
	expect(document.querySelector("main")!.textContent).toContain(HOSTILE);
	expect(embedded(hostile)).toEqual(hostile);
});
