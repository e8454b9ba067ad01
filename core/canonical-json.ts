/** JSON with object keys in order: equal values have equal texts. A value that JSON does not know is `undefined`. */
export function canonicalJson(value: unknown): string {
	return (
		JSON.stringify(value, (_, each: unknown) =>
			typeof each === "object" && each !== null && !Array.isArray(each)
				? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
				: each,
		) ?? "undefined"
	);
}
