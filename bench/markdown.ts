/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
	return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Three significant digits at most, with thousands' separators. */
export function short(value: number): string {
	const rounded = Number(value.toPrecision(3));
	return rounded.toLocaleString("en-US", { maximumFractionDigits: rounded < 1 ? 4 : 2 });
}

export function bytes(value: number): string {
	const units = ["B", "kB", "MB", "GB", "TB"];
	const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(value) / 3)));
	return `${short(value / 1000 ** power)} ${units[power]}`;
}

/** US dollars. */
export function dollars(value: number): string {
	return `$${value >= 100 ? short(value) : value.toFixed(2)}`;
}

export function time(seconds: number): string {
	if (seconds < 3600) return `${short(seconds / 60)} min`;
	return seconds < 48 * 3600 ? `${short(seconds / 3600)} h` : `${short(seconds / 86_400)} d`;
}
