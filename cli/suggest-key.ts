import { didYouMean } from "../activities/datasets/did-you-mean.ts";
import { campaignConfig } from "../core/config.ts";
import { dottedKeys, keysAt } from "./schema-keys.ts";

/** How to mend an unknown config key: a near key of the same group, or the same key where it does belong. */
export function suggestKey(group: readonly string[], key: string): string {
	const siblings = keysAt(campaignConfig, group);
	const near = didYouMean(key, siblings);
	const dotted = (name: string) => [...group, name].join(".");
	if (near !== undefined) return `Did you mean ${dotted(near)}?`;
	const elsewhere = dottedKeys(campaignConfig).filter((each) => each.split(".").at(-1) === key);
	const first = elsewhere.sort((a, b) => a.split(".").length - b.split(".").length)[0];
	if (first !== undefined) return `Did you mean ${first}?`;
	const inside = group.length === 0 ? "The top level" : group.join(".");
	return siblings.length === 0 ? `${inside} has no keys` : `${inside} has ${siblings.join(", ")}`;
}
