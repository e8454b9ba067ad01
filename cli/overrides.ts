import { campaignConfig } from "../core/config.ts";
import { DnoError } from "../core/errors.ts";
import { keysAt } from "./schema-keys.ts";
import { suggestKey } from "./suggest-key.ts";

/** A value put over the config file's. */
export interface Override {
	/** Dotted key. */
	readonly key: string;
	readonly value: unknown;
	/** Where it comes from, as the user knows it: `--set a.b=1`, `dno.config.ts:12: quick`. */
	readonly from: string;
}

/**
 * Reads `--set key=value`: the value is JSON where it parses as such, else a string.
 *
 * @throws {DnoError} There is no `=`.
 */
export function parseSet(text: string): Override {
	const at = text.indexOf("=");
	if (at <= 0)
		throw new DnoError({
			what: "--set takes key=value",
			got: text,
			mend: "Write e.g. --set sampling.samples=8",
			kind: "usage",
		});
	const value = text.slice(at + 1);
	return { key: text.slice(0, at), value: jsonOr(value), from: `--set ${text}` };
}

function jsonOr(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

/**
 * Writes an override into a raw config.
 *
 * @throws {DnoError} The schema has no such key, or the config has something else than a group on the way to it.
 */
export function applyOverride(config: Record<string, unknown>, { key, value, from }: Override): void {
	const path = key.split(".");
	for (const [depth, part] of path.entries()) {
		const group = path.slice(0, depth);
		if (!keysAt(campaignConfig, group).includes(part))
			throw new DnoError({
				what: `unknown key ${key}`,
				where: from,
				mend: suggestKey(campaignConfig, group, part),
				kind: "usage",
			});
	}
	let at = config;
	for (const part of path.slice(0, -1)) {
		at[part] ??= {};
		const next = at[part];
		if (typeof next !== "object" || next === null || Array.isArray(next))
			throw new DnoError({
				what: `${key} cannot be set, as ${part} is no group`,
				where: from,
				got: next,
				kind: "usage",
			});
		at = next as Record<string, unknown>;
	}
	at[path.at(-1)!] = value;
}
