import type { z } from "zod";
import { didYouMean } from "../activities/datasets/did-you-mean.ts";
import { dottedKeys, keysAt } from "./schema-keys.ts";

/**
 * How to mend an unknown config key: a near key of the same group, or the same key where it does belong.
 *
 * @param value the config that has the key, where it is there to tell which kind of a group is meant
 */
export function suggestKey(
	schema: z.core.$ZodType,
	group: readonly PropertyKey[],
	key: string,
	value?: Record<string, unknown>,
): string {
	const siblings = keysAt(schema, group, value);
	const near = didYouMean(key, siblings);
	const dotted = (name: string) => [...group, name].join(".");
	if (near !== undefined) return `Did you mean ${dotted(near)}?`;
	if (keysAt(schema, group).includes(key)) return `${dotted(key)} is for another kind; here are ${siblings.join(", ")}`;
	const elsewhere = dottedKeys(schema).filter((each) => each.split(".").at(-1) === key);
	const first = elsewhere.sort((a, b) => a.split(".").length - b.split(".").length)[0];
	if (first !== undefined) return `Did you mean ${first}?`;
	const inside = group.length === 0 ? "The top level" : group.join(".");
	return siblings.length === 0 ? `${inside} has no keys` : `${inside} has ${siblings.join(", ")}`;
}
