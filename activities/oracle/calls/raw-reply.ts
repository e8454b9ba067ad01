import { z } from "zod";
import { firstTurn, usage } from "../../../core/judge-calls.ts";
import { type ArtifactRef, SCHEMA_VERSION } from "../../../core/records.ts";
import type { Store } from "../../store/store.ts";

/** A reply that could not be read, as an artifact: what the second turn shows the judge, or what that came to. */
const rawReply = z.strictObject({
	schemaVersion: z.literal(SCHEMA_VERSION),
	key: z.string(),
	model: z.string(),
	/** As it came. */
	text: z.string(),
	/** Of a second turn's reply. */
	first: firstTurn.optional(),
	finishReason: z.string(),
	/** All turns. */
	usage,
	/** US dollars, all turns. */
	cost: z.number().nonnegative(),
});
export type RawReply = z.infer<typeof rawReply>;

/** @throws DnoError when the artifact is missing */
export async function readRawReply(store: Store, ref: ArtifactRef): Promise<RawReply> {
	return rawReply.parse(JSON.parse(new TextDecoder().decode(await store.get(ref))));
}
