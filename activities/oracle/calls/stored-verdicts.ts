import { DnoError } from "../../../core/errors.ts";
import { type StoredReply, storedReply } from "../../../core/judge-calls.ts";
import { hashJson } from "../../store/hash-json.ts";
import type { StoreFiles } from "../../store/store-files.ts";
import type { VerdictStore } from "./verdict-store.ts";

/** Replies kept in memory: those of the chunks that are in flight, which are read again when their verdicts are made. */
const KEPT = 2048;

/**
 * A verdict store in a folder or a bucket: `ab/<key>.json`, each written whole or not at all and kept for good, since it has
 * been paid for. Processes and campaigns may share it.
 */
export function createVerdictStore(files: StoreFiles): VerdictStore {
	const nameOf = (key: string) => `${key.slice(0, 2)}/${key}.json`;
	const recent = new Map<string, StoredReply>();
	const remember = (reply: StoredReply): void => {
		recent.delete(reply.key);
		recent.set(reply.key, reply);
		if (recent.size > KEPT) recent.delete(recent.keys().next().value!);
	};
	return {
		async find(key) {
			const known = recent.get(key);
			if (known !== undefined) return known;
			const name = nameOf(key);
			const text = await files.read(name);
			if (text === undefined) return undefined;
			const reply = parseStoredReply(files.pathOf(name), key, new TextDecoder().decode(text));
			remember(reply);
			return reply;
		},

		async put(reply) {
			// As JSON has it: what is undefined is left out before it is hashed.
			const record = JSON.parse(JSON.stringify(reply)) as StoredReply;
			const text = `${JSON.stringify({ ...record, sha256: hashJson(record) })}\n`;
			if (await files.writeFirst(nameOf(reply.key), text)) remember(record);
		},
	};
}

const MEND =
	"Restore the file, or move it away with dno fsck --repair: its question is then asked, and paid for, again";

/**
 * Reads a stored verdict.
 *
 * @param where its file
 * @throws DnoError where the file holds something else: silently asking again would pay twice
 */
export function parseStoredReply(where: string, key: string, text: string): StoredReply {
	const mend = MEND;
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		throw new DnoError({ what: "a stored verdict is damaged", where, got: text, mend, cause });
	}
	// Of all other keys; verdicts of versions before it have none.
	const { sha256, ...reply } = Object(value) as { readonly sha256?: unknown };
	if (sha256 !== undefined && sha256 !== hashJson(reply)) {
		throw new DnoError({
			what: "a stored verdict is damaged: its bytes are not those written",
			where,
			got: text,
			mend,
		});
	}
	const parsed = storedReply.safeParse(reply);
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		const what = `a stored verdict is not what this version reads: ${issue?.path.join(".")}: ${issue?.message}`;
		throw new DnoError({ what, where, got: text, mend });
	}
	if (parsed.data.key !== key) {
		throw new DnoError({ what: "a stored verdict has another's name", where, got: parsed.data.key, mend });
	}
	return parsed.data;
}
