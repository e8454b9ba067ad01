import { dirname } from "node:path";
import { campaignConfig } from "../core/config.ts";
import { absolutePaths } from "../infra/workspace/config-paths.ts";
import type { LoadedCampaign } from "../infra/workspace/open-campaign.ts";
import { configError } from "./config-errors.ts";
import { findConfig } from "./find-config.ts";
import { loadBegun } from "./load-begun.ts";
import { applyOverride, type Override, parseSet } from "./overrides.ts";
import { readConfigFile } from "./read-config-file.ts";

export interface LoadOptions {
	/** `key=value` texts, applied in order. */
	readonly set: readonly string[];
	/** Apply the config's own `quick` overrides. */
	readonly quick: boolean;
	readonly seed?: number;
}

/**
 * Reads and checks a campaign's config, or that of one that has begun, by its folder. What comes later wins: the file, its `quick` part, `--set`, `--seed`.
 *
 * @throws {DnoError} One usage error that names every problem with its line, or the option that it comes from.
 */
export async function loadCampaign(path: string, { set, quick, seed }: LoadOptions): Promise<LoadedCampaign> {
	const begun = await loadBegun(path, set.length > 0 || quick || seed !== undefined);
	if (begun !== undefined) return begun;
	const wanted = set.map(parseSet);
	const file = await findConfig(path);
	const { value, lineOf } = await readConfigFile(file);
	const overrides: Override[] = [];
	if (quick) {
		for (const [key, quickValue] of Object.entries(quickPart(value))) {
			const line = lineOf(["quick", key]) ?? lineOf(["quick"]);
			overrides.push({ key, value: quickValue, from: `${line === undefined ? file : `${file}:${line}`}: quick` });
		}
	}
	overrides.push(...wanted);
	if (seed !== undefined) overrides.push({ key: "seed", value: seed, from: `--seed ${seed}` });
	for (const override of overrides) applyOverride(value, override);
	const parsed = campaignConfig.safeParse(value);
	if (!parsed.success) {
		const noun = "the campaign's config";
		throw configError(parsed.error.issues, { file, lineOf, overrides, value, schema: campaignConfig, noun });
	}
	return { file, name: parsed.data.name, config: absolutePaths(parsed.data, dirname(file)) };
}

/** The `quick` part where it is a group; what else it may be is for the schema to refuse. */
function quickPart({ quick }: Record<string, unknown>): Record<string, unknown> {
	return typeof quick === "object" && quick !== null && !Array.isArray(quick) ? (quick as Record<string, unknown>) : {};
}
