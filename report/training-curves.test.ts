import { expect, it } from "vitest";
import { LINES } from "../core/events.ts";
import type { Report } from "../core/report.ts";
import { emptyReport, fixtureReport } from "../test/browser/fixture-report.ts";
import { trainingCurves } from "./training-curves.ts";

/** The fixture with its steps counted over the whole campaign. */
function countedThrough(): Report {
	const made = fixtureReport();
	const iterations = made.iterations.map((row) => ({
		...row,
		losses: Object.fromEntries(
			Object.entries(row.losses).map(([name, all]) => [
				name,
				all.map((point) => ({ ...point, step: point.step + 90 * (row.iteration - 1) })),
			]),
		),
	}));
	return { ...made, iterations };
}

it("lays iterations end to end, whether steps start anew or go on", () => {
	const anew = trainingCurves(fixtureReport());
	expect(anew.map((curves) => curves.label)).toEqual(Object.values(LINES));
	expect(anew[0]!.ends.map((end) => end.x)).toEqual([90, 180, 270, 360, 450, 540]);
	expect(trainingCurves(countedThrough())).toEqual(anew);
});

it("thins long curves by means", () => {
	const made = fixtureReport();
	const long = Array.from({ length: 4000 }, (_, i) => ({ step: i + 1, loss: 2, gradNorm: 1 }));
	const [curves] = trainingCurves({ ...made, iterations: [{ ...made.iterations[0]!, losses: { [LINES.dno]: long } }] });
	expect(curves!.points.length).toBeLessThanOrEqual(360);
	expect(curves!.points.every((point) => point.loss === 2)).toBe(true);
	expect(curves!.ends).toEqual([{ iteration: 1, x: 4000 }]);
});

it("has nothing to show before the first iteration", () => {
	expect(trainingCurves(emptyReport())).toEqual([]);
});
