import { expect, test } from "vitest";
import { fixtureReport } from "../../test/browser/fixture-report.ts";
import { findings } from "./findings.ts";

/** What is said of DNO's last step where its paired difference is this. */
function lastStepFinding(mean: number, low: number, high: number): string | undefined {
	const { lines, iterations } = fixtureReport();
	const [dno] = lines;
	return findings([{ ...dno!, lastStep: { mean, low, high, n: 600 } }], iterations).find((each) =>
		each.includes("in the last iteration"),
	);
}

test("whether DNO still rises is said by the paired interval, not by the sign of the change", () => {
	expect(lastStepFinding(0.007, 0.002, 0.012)).toBe(
		"DNO was still rising in the last iteration: problem by problem the change is +0.7 points (95 % interval +0.2 to +1.2).",
	);
	expect(lastStepFinding(0.007, -0.002, 0.016)).toBe(
		"Whether DNO was still rising in the last iteration is not told apart from chance: problem by problem the change is +0.7 points (95 % interval −0.2 to +1.6).",
	);
	expect(lastStepFinding(-0.01, -0.02, -0.001)).toMatch(/^DNO was falling in the last iteration: .*−1\.0 points/);
});

test("a line without a problem that was judged for both is compared by its interval alone", () => {
	const { lines, iterations } = fixtureReport();
	const said = findings(lines, iterations).find((each) => each.startsWith("Offline KTO"))!;
	expect(said).toMatch(/the two intervals overlap|separated intervals/);
	expect(said).toMatch(/No problem was judged for both\.$/);
});
