import { readFileSync } from "node:fs";
import { createColors } from "picocolors";
import { type CampaignEvent, LINES, type LineKey } from "../../core/events.ts";
import { type ReportLine, type ReportPoint, reportLine } from "../../core/report.ts";
import { iterationParts, planLines, shortPath } from "./event-text.ts";
import { duration, wrapParts } from "./format.ts";
import { resultTable } from "./table.ts";

export interface LineOptions {
	/** Longest line; undefined where lines may be of any length. */
	readonly width: () => number | undefined;
	readonly isColored: boolean;
}

/** Turns a campaign's events into lasting lines; progress and set-up are left to the caller. */
export class LineWriter {
	readonly #options: LineOptions;
	readonly #points = new Map<LineKey, ReportPoint[]>();
	#iterations: number | undefined;

	constructor(options: LineOptions) {
		this.#options = options;
	}

	/** Iterations of the campaign, once its plan is known. */
	get iterations(): number | undefined {
		return this.#iterations;
	}

	lines(event: CampaignEvent): string[] {
		const { bold, dim, green, yellow } = createColors(this.#options.isColored);
		switch (event.event) {
			case "plan": {
				this.#iterations = event.config.iterations;
				this.#points.clear();
				const [title, ...facts] = planLines(event);
				return [bold(title!), ...facts.flatMap((fact) => this.#wrapWords(`  ${fact}`, 14))];
			}
			case "temporal":
				return event.uiUrl === undefined
					? [dim(`Temporal at ${event.address}, workflow ${event.workflowId}`)]
					: this.#wrap([`Temporal at ${event.address}`, `watch ${event.uiUrl}`]).map(dim);
			case "resumed":
				return [`Going on after iteration ${event.finishedIterations}`];
			case "iteration": {
				for (const [key, point] of Object.entries(event.points) as [LineKey, ReportPoint][])
					this.#points.set(key, [...(this.#points.get(key) ?? []), point]);
				const [first, ...rest] = this.#wrap(iterationParts(event, this.#iterations));
				return [first!.replace(/^(initial policy|iteration \S+)/, (name) => bold(name)), ...rest];
			}
			case "retry":
				return this.#wrapWords(
					`${event.stage} failed (try ${event.attempt}) and is tried again: ${event.reason}`,
					4,
				).map(yellow);
			case "paused":
				return [
					"",
					...this.#wrapWords(`Paused: ${event.reason}`, 4).map(yellow),
					...(event.resume === undefined ? [`${event.mend}.`] : [`${event.mend} and go on with:`, `  ${event.resume}`]),
				];
			case "approval":
				return [
					"",
					...this.#wrapWords(
						`The policy of iteration ${event.iteration} waits for dno approve, or dno approve --reject`,
						4,
					).map(yellow),
				];
			case "stopped":
				return ["", `Stopped after iteration ${event.finishedIterations}. Go on with:`, `  ${event.resume}`];
			case "finished": {
				const best = event.best === 0 ? "the initial policy" : `DNO's policy of iteration ${event.best}`;
				return [
					"",
					...resultTable(this.#results(event.json), this.#options.width() ?? Number.POSITIVE_INFINITY),
					"",
					...this.#wrap([`Finished in ${duration(event.seconds)};`, `best on validation prompts: ${best}`], " "),
					green(`Report: ${shortPath(event.report)}`),
				];
			}
			case "aggregated":
				return [
					"",
					...this.#wrap(
						[`Mean of ${event.seeds.length} seeds;`, "intervals are over problems", "and hold the seeds fixed"],
						" ",
					),
					...resultTable(this.#results(event.json), this.#options.width() ?? Number.POSITIVE_INFINITY),
					"",
					green(`Report: ${shortPath(event.report)}`),
				];
			default:
				return [];
		}
	}

	/** The report's lines, as a resumed run has not heard of its first iterations; what it has heard of where there is none. */
	#results(json: string): ReportLine[] {
		try {
			return reportLine.array().parse((JSON.parse(readFileSync(json, "utf8")) as { lines?: unknown }).lines);
		} catch {
			return [...this.#points].map(([key, points]) => ({ name: LINES[key], points }));
		}
	}

	#wrap(parts: readonly string[], separator?: string): string[] {
		return wrapParts(parts, this.#options.width() ?? Number.POSITIVE_INFINITY, separator);
	}

	#wrapWords(text: string, indent: number): string[] {
		const width = this.#options.width();
		if (width === undefined || text.length <= width) return [text];
		const words = text.trimStart().split(/(?<=\S) (?=\S)/);
		const start = text.slice(0, text.length - text.trimStart().length);
		const [first, ...rest] = words;
		return wrapParts([start + first, ...rest], width, " ", " ".repeat(indent));
	}
}
