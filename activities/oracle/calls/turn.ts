import type { JudgeCall, Message } from "../../../core/judge-calls.ts";
import type { Repair } from "../../../core/judging-steps.ts";
import type { ModelJudgeConfig } from "../../../core/oracle-config.ts";
import type { Store } from "../../store/store.ts";
import { type RawReply, readRawReply } from "./raw-reply.ts";
import type { ReplyReader } from "./reply-reader.ts";

/** A judge, as its calls need it. */
export interface CallJudge {
	readonly settings: ModelJudgeConfig;
	readonly reader: ReplyReader;
	/** The oracle's, in US dollars; a ceiling in the ledger has the last word. */
	readonly budget?: number;
}

/** One paid request of a call: the first, or the repair of what came of it. */
export interface Turn {
	readonly number: 1 | 2;
	readonly call: JudgeCall;
	readonly messages: readonly Message[];
	/** In the ledger: the call's, and another one in the second turn. */
	readonly key: string;
	/** What the first turn brought, and what is wrong with it, in the second. */
	readonly first?: RawReply & { readonly problem: string };
}

export async function openTurn(
	store: Store,
	{ reader }: Pick<CallJudge, "reader">,
	call: JudgeCall,
	repair: Repair | undefined,
): Promise<Turn> {
	if (repair === undefined) return { number: 1, call, messages: call.messages, key: call.key };
	const first = { ...(await readRawReply(store, repair.text)), problem: repair.reason };
	const messages = reader.repairMessages(call, first.text, first.problem);
	return { number: 2, call, messages, key: `${call.key}-2`, first };
}
