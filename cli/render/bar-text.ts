import { count, duration, paceText } from "./format.ts";
import type { Pace } from "./pace.ts";

/** What a progress bar shows. */
export interface BarState {
	readonly label: string;
	readonly done: number;
	readonly total: number;
	readonly unit: string;
	readonly tokens?: number | undefined;
	readonly pace: Pace;
}

const LONGEST_BAR = 30;
const SHORTEST_BAR = 8;

/**
 * A stage's bar in at most `width` characters. Where it is narrow the bar shrinks first, then the unit goes, then the rate;
 * label and share stay.
 */
export function barText({ label, done, total, unit, pace }: BarState, width: number): string {
	const share = total > 0 ? Math.min(1, done / total) : 0;
	const percent = `${Math.floor(share * 100)} %`;
	const rate = paceText(pace);
	const eta = pace.etaSeconds === undefined ? "" : `ETA ${duration(pace.etaSeconds)}`;
	const counts = `${count(done)}/${count(total)}`;
	for (const facts of [
		[`${counts} ${unit}`, rate, eta],
		[counts, rate, eta],
		[counts, eta],
		[percent, eta],
		[percent],
	]) {
		const text = facts.filter((fact) => fact !== "").join("  ");
		const room = width - label.length - text.length - 2;
		if (room >= SHORTEST_BAR) return `${label} ${bar(share, Math.min(room, LONGEST_BAR))} ${text}`;
	}
	return `${label} ${percent}`.slice(0, width);
}

function bar(share: number, length: number): string {
	const full = Math.round(share * length);
	return "█".repeat(full) + "░".repeat(length - full);
}
