import { LINES } from "../core/events.ts";
import type { ReportLine, ReportPoint } from "../core/report.ts";

/** How one line looks, the same in every chart: colour, symbol and dash, so that colour alone never tells. */
interface LineStyle {
	/** Index of the colour, and of the class `series-N` of the line's marks. */
	readonly slot: number;
	readonly label: string;
	readonly symbol: "circle" | "square" | "triangle" | "diamond" | "cross" | "star";
	readonly dash: string | undefined;
	/** The line the page is about: thicker, and with a band. */
	readonly isMain: boolean;
}

export interface StyledLine extends LineStyle {
	readonly points: readonly ReportPoint[];
	readonly dnoAhead?: ReportLine["dnoAhead"];
}

const SYMBOLS = ["circle", "square", "triangle", "diamond", "cross", "star"] as const;
const DASHES = [undefined, "5 3", "2 2.5", "9 3 2 3", "1 3", "7 2"] as const;
const KNOWN = Object.entries(LINES);

/** How many line colours the style sheet has; further lines start over with other dashes. */
export const SLOTS = 6;

/**
 * Gives every line its look. The lines that dno itself makes keep theirs from report to report, whichever of them a
 * campaign has, so that two pages can be compared by eye.
 */
export function styleLines(lines: readonly ReportLine[]): readonly StyledLine[] {
	let nextFree = KNOWN.length;
	const slots = lines.map(({ name }) => {
		const known = KNOWN.findIndex(([key, label]) => key === name || label === name);
		return known === -1 ? nextFree++ : known;
	});
	const mainSlot = slots.includes(0) ? 0 : slots[0];
	return lines.map(({ name, points, dnoAhead }, i) => {
		const slot = slots[i]!;
		return {
			slot,
			label: LINES[name as keyof typeof LINES] ?? name,
			symbol: SYMBOLS[slot % SYMBOLS.length]!,
			dash: DASHES[slot % DASHES.length],
			isMain: slot === mainSlot,
			points: [...points].sort((a, b) => a.iteration - b.iteration),
			...(dnoAhead && { dnoAhead }),
		};
	});
}

/** The line the page is about: DNO's, or the first where there is none. */
export function mainLine(lines: readonly StyledLine[]): StyledLine | undefined {
	return lines.find((line) => line.isMain);
}

/** The last iteration that any line has been evaluated at; undefined when none has. */
export function lastIteration(lines: readonly StyledLine[]): number | undefined {
	const all = lines.flatMap((line) => line.points.map((point) => point.iteration));
	return all.length === 0 ? undefined : Math.max(...all);
}

export function pointAt(line: StyledLine, iteration: number): ReportPoint | undefined {
	return line.points.find((point) => point.iteration === iteration);
}
