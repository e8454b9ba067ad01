import type { StoredReply } from "../../../core/judge-calls.ts";

/** Replies that gave a verdict, by the key of their call: shared by campaigns, so that a judgment is paid for once (promise 2). */
export interface VerdictStore {
	/** The reply kept under a key; undefined where there is none. */
	find(key: string): Promise<StoredReply | undefined>;
	/** Keeps a reply, whole or not at all, before anyone uses it. The first one of a key stays. */
	put(reply: StoredReply): Promise<void>;
}
