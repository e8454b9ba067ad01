import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { events, point } from "../testing/events.ts";
import { Screen } from "../testing/screen.ts";
import { createJsonRenderer } from "./json-renderer.ts";
import { createPlainRenderer } from "./plain-renderer.ts";
import { createTtyRenderer } from "./tty-renderer.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f]/;

function collect() {
	let text = "";
	return { write: (chunk: string) => (text += chunk), text: () => text };
}

// The bar redraws by the clock.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A clock that goes on by so many seconds at each look. */
function clock(step: number) {
	let seconds = 0;
	return () => (seconds += step);
}

/** Shows all events on a terminal; tells the last row after each. */
function onTerminal(columns: number, isColored = false) {
	const screen = new Screen(columns);
	const renderer = createTtyRenderer(screen, isColored, clock(0.5));
	const last = events.map((event) => {
		renderer.show(event);
		vi.advanceTimersByTime(500);
		return screen.text.split("\n").at(-1)!;
	});
	renderer.close();
	return { screen, last };
}

describe("on a terminal", () => {
	test("what stays is the plan, a line an iteration and the table", () => {
		expect(onTerminal(160).screen.text).toMatchSnapshot();
	});

	test("nothing is wider than 60 columns where the terminal is not", () => {
		const { screen } = onTerminal(60);
		expect(Math.max(...screen.text.split("\n").map((line) => line.length))).toBeLessThan(60);
		expect(screen.text).toMatchSnapshot();
	});

	test("a bar shows the stage with rate and ETA, and goes when it is done", () => {
		const { screen, last } = onTerminal(100);
		expect(last.filter((line) => /[█░]/.test(line))).toMatchSnapshot();
		expect(screen.text).not.toMatch(/[█░]/);
	});

	test("the bar fits a narrow terminal", () => {
		const bars = onTerminal(40).last.filter((line) => /[█░]/.test(line));
		expect(bars.length).toBeGreaterThan(2);
		expect(Math.max(...bars.map((line) => line.length))).toBeLessThan(40);
	});

	test("colours come only when they are wanted, and the cursor comes back", () => {
		expect(onTerminal(100, false).screen.raw).not.toContain("\x1b[1m");
		const { raw } = onTerminal(100, true).screen;
		expect(raw).toContain("\x1b[1mCampaign tiny");
		expect(raw.lastIndexOf("\x1b[?25h")).toBeGreaterThan(raw.lastIndexOf("\x1b[?25l"));
	});
});

describe("where there is no terminal", () => {
	test("lines come without control characters, progress now and then", () => {
		const out = collect();
		const renderer = createPlainRenderer(out, clock(1.1));
		for (const event of events) renderer.show(event);
		renderer.close();
		expect(out.text()).toMatchSnapshot();
		expect(out.text()).not.toMatch(CONTROL);
	});

	test("where tokens are counted, they say how fast it is", () => {
		const out = collect();
		const renderer = createPlainRenderer(out, clock(6));
		const at = (done: number, tokens: number) =>
			renderer.show({
				event: "progress",
				iteration: 1,
				line: "dno",
				stage: "sample",
				done,
				total: 100,
				unit: "responses",
				tokens,
			});
		at(10, 300);
		at(20, 900);
		expect(out.text()).toMatch(/\[1\] DNO sampling: 20 of 100 responses, \d+ tok\/s, [\w ]+ left\n$/);
	});

	test("a stopped campaign says how to go on, and one that goes on after what", () => {
		const out = collect();
		const renderer = createPlainRenderer(out, clock(1));
		renderer.show({ event: "resumed", finishedIterations: 1 });
		renderer.show({ event: "stopped", finishedIterations: 1, resume: "npx dno run examples/geometry" });
		expect(out.text()).toBe(
			"Going on after iteration 1\n\nStopped after iteration 1. Go on with:\n  npx dno run examples/geometry\n",
		);
	});

	test("the table is the report's, which knows the iterations of earlier runs", () => {
		const json = join(temporaryFolder(), "report.json");
		writeFileSync(json, JSON.stringify({ lines: [{ name: "DNO", points: [point(0, 0.5), point(1, 0.6)] }] }));
		const out = collect();
		createPlainRenderer(out, clock(1)).show({ event: "finished", report: "/r.html", json, best: 0, seconds: 1 });
		expect(out.text()).toContain("        1  .600±.022\n");
		expect(out.text()).toContain("best on validation prompts: the initial policy\n");
	});
});

test("there is no accuracy where the oracle does not say what is right", () => {
	const { accuracy: _, accuracyLow: _low, accuracyHigh: _high, ...ranked } = point(0, 0.5);
	for (const width of [160, 40]) {
		const screen = new Screen(width);
		const renderer = createTtyRenderer(screen, false, clock(1));
		renderer.show({ event: "iteration", iteration: 0, points: { dno: ranked }, seconds: 1 });
		renderer.show({ event: "finished", report: "/r.html", json: "/nowhere", best: 0, seconds: 1 });
		renderer.close();
		expect(screen.text).toContain(".500±.022");
		expect(screen.text).not.toMatch(/acc|undefined|NaN/);
	}
});

test("as JSON every event is one line of stdout and nothing else is", () => {
	const [out, err] = [collect(), collect()];
	const renderer = createJsonRenderer(out, err);
	for (const event of events) renderer.show(event);
	renderer.note("a note");
	const lines = out.text().trimEnd().split("\n");
	expect(lines.map((line) => JSON.parse(line))).toEqual(events);
	expect(err.text()).toBe("a note\n");
});
