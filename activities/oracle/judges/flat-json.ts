/** A JSON object of strings, numbers, booleans and nulls, as it stands in a text: characters [start, end). */
export interface FlatObject {
	/** In their order; a key that is there twice comes twice, which `JSON.parse` would hide. */
	readonly entries: readonly (readonly [key: string, value: unknown])[];
	readonly start: number;
	readonly end: number;
}

const STRING = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/;
const SCALAR = new RegExp(`${STRING.source}|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null`);
const ENTRY = new RegExp(`\\s*(${STRING.source})\\s*:\\s*(${SCALAR.source})\\s*([,}])`, "y");
const EMPTY = /\s*\}/y;

/** All flat JSON objects in a text, however much else it holds, none inside another one's strings. */
export function findFlatObjects(text: string): FlatObject[] {
	const found: FlatObject[] = [];
	let start = text.indexOf("{");
	while (start >= 0) {
		const object = flatObjectAt(text, start);
		if (object !== undefined) found.push(object);
		start = text.indexOf("{", object?.end ?? start + 1);
	}
	return found;
}

function flatObjectAt(text: string, start: number): FlatObject | undefined {
	EMPTY.lastIndex = start + 1;
	if (EMPTY.test(text)) return { entries: [], start, end: EMPTY.lastIndex };
	const entries: [string, unknown][] = [];
	ENTRY.lastIndex = start + 1;
	for (;;) {
		const match = ENTRY.exec(text);
		if (match === null) return undefined;
		try {
			entries.push([JSON.parse(match[1]!), JSON.parse(match[2]!)]);
		} catch {
			return undefined;
		}
		if (match[3] === "}") return { entries, start, end: ENTRY.lastIndex };
	}
}
