import type { CampaignEvent } from "../../core/events.ts";
import { LINES } from "../../core/events.ts";
import { STAGE_NAMES } from "./event-text.ts";
import { count, duration, paceText } from "./format.ts";
import { LineWriter } from "./line-writer.ts";
import { PaceMeter } from "./pace.ts";
import type { Output, Renderer } from "./renderer.ts";

/** Seconds between two lines of progress: few enough for a log file, often enough to see that it lives. */
const SECONDS_BETWEEN = 5;

/** Lines for logs and pipes: no control characters, and progress only now and then. */
export function createPlainRenderer(out: Output, now: () => number = () => performance.now() / 1000): Renderer {
	const writer = new LineWriter({ width: () => undefined, isColored: false });
	const pace = new PaceMeter();
	let spoke = now();
	const say = (line: string) => {
		spoke = now();
		out.write(`${line}\n`);
	};
	const isDue = () => now() - spoke >= SECONDS_BETWEEN;
	let setup = "";
	return {
		show(event: CampaignEvent) {
			if (event.event === "progress") {
				const { iteration, line, stage, done, total, unit, tokens } = event;
				const key = `${iteration} ${line} ${stage}`;
				const measured = pace.measure(key, { done, total, tokens }, now());
				if (done >= total) pace.forget(key);
				if (!isDue()) return;
				const { etaSeconds } = measured;
				const speed = etaSeconds === undefined ? "" : `, ${paceText(measured)}, ${duration(etaSeconds)} left`;
				const of = writer.iterations === undefined ? "" : `/${writer.iterations}`;
				say(
					`  [${iteration}${of}] ${LINES[line]} ${STAGE_NAMES[stage]}: ${count(done)} of ${count(total)} ${unit}${speed}`,
				);
			} else if (event.event === "setup") {
				const share =
					event.done !== undefined && event.total ? ` ${Math.floor((100 * event.done) / event.total)} %` : "";
				if (event.text === setup && !isDue()) return;
				setup = event.text;
				say(event.text + share);
			} else {
				for (const line of writer.lines(event)) say(line);
			}
		},
		note: say,
		close() {},
	};
}
