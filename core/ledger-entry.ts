import { z } from "zod";
import { usage } from "./judge-calls.ts";
import { SCHEMA_VERSION } from "./records.ts";

/** Where in a campaign a call belongs. */
const place = {
	iteration: z.int().nonnegative(),
	line: z.string(),
	stage: z.enum(["rank", "evaluate"]),
	judge: z.string(),
};

/** What a campaign's judging costs, event by event. Costs are US dollars. */
export const ledgerEntry = z.discriminatedUnion("kind", [
	/** Before a call: the most it can cost. */
	z.strictObject({
		...at(),
		kind: z.literal("reserved"),
		...place,
		call: z.string(),
		key: z.string(),
		cost: z.number(),
	}),
	/** After it was answered: what it did cost. Takes the place of its reservation. */
	z.strictObject({ ...at(), kind: z.literal("settled"), call: z.string(), cost: z.number(), usage }),
	/** After a failure that the server does not charge for. */
	z.strictObject({ ...at(), kind: z.literal("released"), call: z.string(), reason: z.string() }),
	/** At the ceiling: the call was not made. */
	z.strictObject({ ...at(), kind: z.literal("withdrawn"), call: z.string() }),
	/** After a failure that it may have charged for (reply lost, time-out): its reservation counts as spent. */
	z.strictObject({ ...at(), kind: z.literal("lost"), call: z.string(), reason: z.string() }),
	/** Judgments that the verdict store had, and what they had cost. */
	z.strictObject({
		...at(),
		kind: z.literal("repeated"),
		...place,
		/** Of the activity that says it: said again by another attempt, it counts once. */
		call: z.string().optional(),
		count: z.int(),
		cost: z.number(),
	}),
	/** The new ceiling, by `dno resume --budget` or what a judged file's run is given; without a cost there is none any more. */
	z.strictObject({ ...at(), kind: z.literal("ceiling"), cost: z.number().optional() }),
]);
export type LedgerEntry = z.infer<typeof ledgerEntry>;

function at() {
	return {
		schemaVersion: z.literal(SCHEMA_VERSION),
		/** ISO 8601. */
		at: z.string(),
	};
}
