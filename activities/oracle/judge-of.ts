import { DnoError } from "../../core/errors.ts";
import { judgeName, modelJudges } from "../../core/oracle-config.ts";
import type { ArtifactRef } from "../../core/records.ts";
import { keepRecentlyUsed } from "../recently-used.ts";
import type { Store } from "../store/store.ts";
import type { ReplyReader } from "./calls/reply-reader.ts";
import type { CallJudge } from "./calls/turn.ts";
import { readReply } from "./judges/read-reply.ts";
import { repairMessages, replySchema } from "./judges/reply-format.ts";
import { readOracleConfig } from "./open-oracle.ts";

const reader: ReplyReader = { readReply, replySchema, repairMessages };

/** Judges kept: they are asked for with every call, and a worker knows few. */
const KEPT = 16;
const keepJudge = keepRecentlyUsed<CallJudge>(KEPT);

/**
 * The judge of a name in the oracle whose config an artifact holds, as its calls need it: no rubric, which is in the calls'
 * messages, so that whoever makes calls needs no file of the campaign.
 *
 * @throws DnoError when the oracle has no judge of that name
 */
export function judgeOf(store: Store, oracle: ArtifactRef, name: string): Promise<CallJudge> {
	// By content, so what is kept cannot be out of date.
	return keepJudge(JSON.stringify([oracle.sha256, name]), () => find(store, oracle, name));
}

async function find(store: Store, oracle: ArtifactRef, name: string): Promise<CallJudge> {
	const config = await readOracleConfig(store, oracle);
	const settings = modelJudges(config).find((judge) => judgeName(judge) === name);
	if (settings === undefined)
		throw new DnoError({ what: "the oracle has no judge of this name", where: oracle.sha256, got: name });
	const budget = "budget" in config ? config.budget : undefined;
	return { settings, reader, ...(budget !== undefined && { budget }) };
}
