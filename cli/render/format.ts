import type { Pace } from "./pace.ts";
/** A count with thin groups of thousands, as `12,345`. */
export function count(value: number): string {
	return Math.round(value).toLocaleString("en-US");
}

/** Bytes in decimal units, as disks are sold: `312 B`, `4.2 kB`, `1.3 GB`. */
export function size(bytes: number): string {
	const units = ["B", "kB", "MB", "GB", "TB"];
	const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
	const value = bytes / 1000 ** power;
	return `${power > 0 && value < 99.5 ? value.toPrecision(2) : Math.round(value)} ${units[power]}`;
}

/** US dollars: cents, and what is less than a cent with two digits: `$12.30`, `$0.0042`. */
export function dollars(value: number): string {
	if (value === 0 || value >= 0.01) return `$${value.toFixed(2)}`;
	return `$${value.toPrecision(2)}`;
}

/** A duration as people say it: `4.2 s`, `38 s`, `2 min 05 s`, `3 h 12 min`. */
export function duration(seconds: number): string {
	if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
	const whole = Math.round(seconds);
	if (whole < 60) return `${whole} s`;
	if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
	return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** A duration that is only guessed, without digits that say more than is known: `20 s`, `4 min`, `3 h`. */
export function roughDuration(seconds: number): string {
	if (seconds < 90) return `${Math.max(1, Math.ceil(seconds / 5)) * 5} s`;
	if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
	return `${Math.round(seconds / 3600)} h`;
}

/** A rate in [0, 1], as papers print it: `.634`. */
export function rate(value: number, digits = 3): string {
	return value.toFixed(digits).replace(/^0\./, ".");
}

/** A rate with half the width of its interval: `.634±.021`. */
export function rateWithInterval(value: number, low: number, high: number): string {
	return `${rate(value)}±${rate((high - low) / 2)}`;
}

/** How fast a stage is: in tokens where they are counted, otherwise in items; empty before it moves. */
export function paceText({ rate, tokensPerSecond }: Pace): string {
	if (tokensPerSecond !== undefined) return perSecond(tokensPerSecond, " tok");
	return rate === undefined ? "" : perSecond(rate, "");
}

function perSecond(value: number, unit: string): string {
	return `${value >= 9.95 ? count(value) : value.toFixed(1)}${unit}/s`;
}

function pad(value: number): string {
	return String(value).padStart(2, "0");
}

/** Joins parts to lines of at most `width` characters; continued lines are indented. */
export function wrapParts(parts: readonly string[], width: number, separator = "  ", indent = "    "): string[] {
	const lines: string[] = [];
	let line = "";
	for (const part of parts) {
		const longer = line === "" ? part : `${line}${separator}${part}`;
		if (line !== "" && longer.length > width) {
			lines.push(line);
			line = indent + part;
		} else {
			line = longer;
		}
	}
	if (line !== "") lines.push(line);
	return lines;
}
