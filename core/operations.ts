import { z } from "zod";
import { type AmendedSpec, type Amendment, steeringSet } from "./steering.ts";
import type { CampaignSpec } from "./steps.ts";

const common = { schemaVersion: z.literal(1), /** ISO 8601. */ at: z.string() };

/** One entry of a campaign's journal: what operators did to it, so that a new run of its workflow holds to it. */
export const operation = z.discriminatedUnion("kind", [
	z.strictObject({
		...common,
		kind: z.literal("steer"),
		from: z.int().positive(),
		set: steeringSet,
		/** Kept as the workflow took it: an {@link AmendedSpec}. */
		spec: z.custom<AmendedSpec>((value) => typeof value === "object" && value !== null),
	}),
	z.strictObject({ ...common, kind: z.literal("approve"), iteration: z.int().positive(), accepted: z.boolean() }),
	z.strictObject({ ...common, kind: z.literal("pause"), reason: z.string() }),
	z.strictObject({ ...common, kind: z.literal("resume") }),
	z.strictObject({ ...common, kind: z.literal("stop"), abandon: z.boolean() }),
]);
export type Operation = z.infer<typeof operation>;

/** What of the operations outlives a workflow's run. */
export interface Standing {
	readonly amendments: readonly Amendment[];
	/** Whether the policy that iteration t made was promoted, by t. */
	readonly approvals: Readonly<Record<string, boolean>>;
}

export const NO_OPERATIONS: Standing = { amendments: [], approvals: {} };

/** What earlier operations leave to a new run of a campaign's workflow. */
export function standingOf(operations: readonly Operation[]): Standing {
	const amendments = operations.flatMap((each) => (each.kind === "steer" ? [amendmentOf(each)] : []));
	const decided = operations.flatMap((each) =>
		each.kind === "approve" ? [[String(each.iteration), each.accepted] as const] : [],
	);
	return { amendments, approvals: Object.fromEntries(decided) };
}

/** What two accounts of one campaign say together; the later one may begin anywhere in the earlier one, or behind it. */
export function joinStandings(earlier: Standing, later: Standing): Standing {
	const [before, after] = [earlier.amendments, later.amendments];
	let only = Math.max(0, before.length - after.length);
	while (before.slice(only).some((each, i) => !isSame(each, after[i]!))) only++;
	return {
		amendments: [...before.slice(0, only), ...after],
		approvals: { ...earlier.approvals, ...later.approvals },
	};
}

/** The config that an amendment leads to is the whole one. */
function isSame(a: Amendment, b: Amendment): boolean {
	return a.from === b.from && a.spec.config.sha256 === b.spec.config.sha256;
}

function amendmentOf({ from, set, spec }: Extract<Operation, { kind: "steer" }>): Amendment {
	return { from, set, spec: spec as Pick<CampaignSpec, keyof AmendedSpec> };
}
