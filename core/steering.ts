import { z } from "zod";
import { type CampaignConfig, campaignConfig } from "./config.ts";
import type { CampaignSpec } from "./steps.ts";

/** New values of config keys by their dotted names, e.g. `{"training.beta": 0.05}`. */
export const steeringSet = z.record(z.string().min(1), z.json());
export type SteeringSet = z.infer<typeof steeringSet>;

/** The parts of a campaign's spec that steering may change. */
export type AmendedSpec = Pick<CampaignSpec, "config" | "iterations" | "loss" | "replay" | "judging" | "promotion">;

/** A change of a campaign's config from one iteration on. */
export interface Amendment {
	/** The first iteration that it holds for. */
	readonly from: number;
	readonly set: SteeringSet;
	readonly spec: AmendedSpec;
}

/** What may change while a campaign runs: whatever an iteration reads afresh and no earlier figure is compared through. */
const CHANGEABLE: readonly string[] = ["iterations", "promotion", "sampling", "pairs", "training"];
const FIXED: Readonly<Record<string, string>> = {
	"training.lora": "an iteration goes on from the policy before it, which has the form that training.lora gave it",
	"oracle.budget": "raise it with dno resume --budget",
};

/** Why a key cannot be steered; undefined where it can. */
export function whyFixed(key: string): string | undefined {
	const fixed = Object.keys(FIXED).find((name) => key === name || key.startsWith(`${name}.`));
	if (fixed !== undefined) return FIXED[fixed];
	if (CHANGEABLE.includes(key.split(".")[0]!)) return undefined;
	return `iterations are compared with each other by it; what can change is ${CHANGEABLE.join(", ")}`;
}

/** A config with values put in. What it makes of them, {@link campaignConfig} says. */
export function withValues(config: CampaignConfig, set: SteeringSet): z.ZodSafeParseResult<CampaignConfig> {
	const changed = structuredCloneOf(config);
	for (const [key, value] of Object.entries(set)) put(changed, key.split("."), value);
	return campaignConfig.safeParse(changed);
}

/** The spec that iteration t runs by. */
export function specAt(spec: CampaignSpec, amendments: readonly Amendment[], t: number): CampaignSpec {
	// The last one is of the whole config, earlier amendments included.
	return { ...spec, ...amendments.findLast(({ from }) => from <= t)?.spec };
}

/** T, all amendments taken into account. */
export function iterationsOf(spec: CampaignSpec, amendments: readonly Amendment[]): number {
	return amendments.at(-1)?.spec.iterations ?? spec.iterations;
}

// The sandbox has no structuredClone, and configs are JSON.
function structuredCloneOf(config: CampaignConfig): Record<string, unknown> {
	return JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
}

function put(at: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown): void {
	if (rest.length === 0) {
		at[key!] = value;
		return;
	}
	const inner = at[key!];
	const group = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
	at[key!] = group;
	put(group, rest, value);
}
