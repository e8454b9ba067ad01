/** A rate in [0, 1] as `63.4 %`, with a no-break space. */
export function percent(rate: number, digits = 1): string {
	return `${(100 * rate).toFixed(digits)}\u00a0%`;
}

/** An interval of rates as `61.2–65.4`. */
export function interval(low: number, high: number): string {
	return `${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)}`;
}

const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

/** A count with thousands grouped; a mean of counts keeps one decimal. */
export function count(value: number): string {
	return GROUPED.format(value);
}

/** `1 iteration`, `2 iterations`. */
export function plural(value: number, noun: string): string {
	return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** `DNO`, `DNO and SFT`, `DNO, SFT and KTO`. */
export function listed(items: readonly string[]): string {
	if (items.length < 2) return items.join("");
	return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** Seconds as `8.4 s`, `3 min 20 s` or `2 h 05 min`. */
export function duration(seconds: number): string {
	if (seconds < 59.95) return `${seconds.toFixed(1)}\u00a0s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes}\u00a0min ${pad(Math.floor(seconds % 60))}\u00a0s`;
	return `${Math.floor(minutes / 60)}\u00a0h ${pad(minutes % 60)}\u00a0min`;
}

/** An ISO 8601 time as `2026-03-14 09:26 UTC`: the same on every machine, so that the page is too. */
export function time(iso: string): string {
	const date = new Date(iso);
	return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** The first characters of a sha256, enough to tell checkpoints apart by eye. */
export function shortHash(sha256: string): string {
	return sha256.slice(0, 10);
}

function pad(value: number): string {
	return String(value).padStart(2, "0");
}
