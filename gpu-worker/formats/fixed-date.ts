/** 26 July 2024, a Friday, by strftime's directives: the day that Llama's own templates name where they know none. */
const PARTS: Readonly<Record<string, string>> = {
	...{ "%Y": "2024", "%y": "24", "%m": "07", "%d": "26", "%j": "208", "%-m": "7", "%-d": "26", "%e": "26" },
	...{ "%b": "Jul", "%B": "July", "%a": "Fri", "%A": "Friday" },
	...{ "%F": "2024-07-26", "%H": "00", "%M": "00", "%S": "00", "%T": "00:00:00", "%%": "%" },
};

/**
 * What `strftime_now` is in chat templates. With the day's date a prompt would change at midnight, in the middle of a step too,
 * and no campaign could be repeated.
 *
 * @throws Error for a directive that is not known here
 */
export function formatFixedDate(format: string): string {
	return format.replace(/%-?[a-zA-Z%]/g, (directive) => {
		if (Object.hasOwn(PARTS, directive)) return PARTS[directive]!;
		throw new Error(`strftime_now does not know ${directive}`);
	});
}
