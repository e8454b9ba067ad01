import cliProgress from "cli-progress";
import type { CampaignEvent } from "../../core/events.ts";
import { LINES } from "../../core/events.ts";
import { type BarState, barText } from "./bar-text.ts";
import { STAGE_NAMES } from "./event-text.ts";
import { LineWriter } from "./line-writer.ts";
import { PaceMeter } from "./pace.ts";
import type { Output, Renderer } from "./renderer.ts";

const MEBIBYTE = 2 ** 20;
const DEFAULT_WIDTH = 80;

/** Lines that stay, and below them a bar for the stage that runs, cleared when the stage is done. */
export function createTtyRenderer(
	out: Output & NodeJS.WritableStream,
	isColored: boolean,
	now: () => number = () => performance.now() / 1000,
): Renderer {
	// One column is left free: a character in the last makes some terminals wrap.
	const width = () => Math.max(20, (out.columns ?? DEFAULT_WIDTH) - 1);
	const writer = new LineWriter({ width, isColored });
	const pace = new PaceMeter();
	// Lines of the chart may be worked on at once: the stage that has been there longest is the one that shows.
	const active = new Map<string, BarState>();
	let bar: cliProgress.SingleBar | undefined;

	const redraw = () => {
		const [state] = active.values();
		if (state === undefined) return clear();
		if (bar === undefined) {
			bar = new cliProgress.SingleBar({
				stream: out,
				clearOnComplete: true,
				hideCursor: true,
				format: (_options, _params, payload: BarState) => barText(payload, width()),
			});
			bar.start(state.total, state.done, state);
		} else {
			bar.setTotal(state.total);
			bar.update(state.done, state);
		}
	};
	const clear = () => {
		bar?.stop();
		bar = undefined;
	};
	const say = (lines: readonly string[]) => {
		if (lines.length === 0) return;
		clear();
		for (const line of lines) out.write(`${line}\n`);
		redraw();
	};
	const progress = (key: string, state: Omit<BarState, "pace">, isDone: boolean) => {
		if (isDone) {
			active.delete(key);
			pace.forget(key);
		} else {
			active.set(key, { ...state, pace: pace.measure(key, state, now()) });
		}
		redraw();
	};

	return {
		show(event: CampaignEvent) {
			if (event.event === "progress") {
				const { iteration, line, stage, done, total, unit, tokens } = event;
				const of = writer.iterations === undefined ? "" : `/${writer.iterations}`;
				const label = `[${iteration}${of}] ${LINES[line]} ${STAGE_NAMES[stage]}`;
				progress(`${iteration} ${line} ${stage}`, { label, done, total, unit, tokens }, done >= total);
			} else if (event.event === "setup" && event.done !== undefined && event.total !== undefined) {
				const [done, total] = [event.done / MEBIBYTE, event.total / MEBIBYTE];
				progress("setup", { label: event.text, done, total, unit: "MiB" }, done >= total);
			} else if (event.event === "setup") {
				active.delete("setup");
				say([event.text]);
			} else {
				// Whatever was under way has ended with these, said or not.
				if (["iteration", "stopped", "finished"].includes(event.event)) active.clear();
				say(writer.lines(event));
			}
		},
		note: (text) => say([text]),
		close() {
			active.clear();
			clear();
		},
	};
}
