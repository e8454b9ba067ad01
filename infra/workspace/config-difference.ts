import { canonicalJson } from "../../core/canonical-json.ts";

/** A key that two configs have different values of. */
export interface Difference {
	readonly key: string;
	readonly before: unknown;
	readonly after: unknown;
}

/** The dotted keys in which two JSON values differ; lists count as one value. */
export function differences(before: unknown, after: unknown, key = ""): Difference[] {
	if (isGroup(before) && isGroup(after)) {
		const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
		return [...keys].flatMap((each) => differences(before[each], after[each], key === "" ? each : `${key}.${each}`));
	}
	return canonicalJson(before) === canonicalJson(after) ? [] : [{ key, before, after }];
}

function isGroup(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
