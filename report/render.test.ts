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

it("says of several seeds what is a mean and what the intervals are over", () => {
	const shown = text(severalSeedsReport());
	expect(shown).toContain("Seeds (averaged over)");
	expect(shown).toContain("0, 1, 2");
	expect(shown.replace(/\s+/g, " ")).toContain("Intervals are over the held-out prompts and hold these seeds fixed");
	expect(text(fixtureReport())).not.toContain("these seeds");
});

it("reports invalid and unjudged verdicts apart, of evaluations and of the offline lines' own judging", () => {
	const cells = (label: string, start: string) =>
		[...page(fixtureReport()).querySelectorAll(`[aria-label="${label}"] tbody tr`)]
			.map((row) => [...row.children].map((cell) => cell.textContent!))
			.find((row) => row.join(" ").startsWith(start))!;
	const evaluated = (t: number) => cells("Held-out figures of every iteration", `DNO ${t}`).slice(-5);
	expect([2, 3, 4, 5].map(evaluated)).toEqual([
		["600", "1", "0", "0", "0"],
		["600", "0", "2", "0", "0"],
		["600", "0", "0", "3", "0"],
		["600", "0", "0", "0", "4"],
	]);
	expect(cells("Verdicts on the offline lines’ preference set by iteration", "2 Offline KTO").slice(2, -1)).toEqual([
		"400",
		"388",
		"5",
		"7",
	]);
});

it("shows how far the judge can be trusted, and marks what speaks against it", () => {
	const made = fixtureReport();
	const rows = [...page(made).querySelectorAll(".trust tbody tr")].map((row) => ({
		text: row.textContent!.replace(/\s+/g, " "),
		isMarked: row.className === "concern",
	}));
	expect(rows).toHaveLength(Object.keys(made.trust![0]!.figures).length);
	expect(rows.filter(({ isMarked }) => isMarked).map((row) => row.text)).toEqual([
		"Preference for the first place 58.3 % 56.3–60.32,386 look here The answer shown earlier wins 58.3 %: it prefers what it reads first.",
	]);
	expect(rows.map((row) => row.text)).toContainEqual(
		expect.stringMatching(
			/^Preference for its own family 49\.0 % 47\.0–51\.02,311.*no preference for its family is seen\.$/,
		),
	);
	expect(text(made)).toContain("made-up-judge, 2,400 prompts, 4,800 questions");
});

it("shows no figures of a judge where none was asked", () => {
	const { trust: _, ...made } = fixtureReport();
	expect(page(made).querySelector("#trust")).toBe(null);
	expect(page(emptyReport()).querySelector("#trust")).toBe(null);
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
