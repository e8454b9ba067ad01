import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DnoError } from "../../../core/errors.ts";
import { type StoredReply, storedReply } from "../../../core/judge-calls.ts";
import { writeFirstAtomic } from "../../store/atomic-write.ts";
import type { VerdictStore } from "./verdict-store.ts";

/**
 * A verdict store in a folder: `ab/<key>.json`, each written whole or not at all and flushed to the disk, since it has been
 * paid for. Processes and campaigns may share the folder.
 *
 * @param folder made when the first reply is kept
 */
export function createFolderVerdictStore(folder: string): VerdictStore {
	const pathOf = (key: string) => join(folder, key.slice(0, 2), `${key}.json`);
	return {
		async find(key) {
			const path = pathOf(key);
			const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
				if (error.code === "ENOENT") return undefined;
				throw error;
			});
			return text === undefined ? undefined : parse(path, key, text);
		},

		async put(reply) {
			await writeFirstAtomic(pathOf(reply.key), `${JSON.stringify(reply)}\n`);
		},
	};
}

/** @throws DnoError where the file holds something else: silently asking again would pay twice */
function parse(where: string, key: string, text: string): StoredReply {
	const mend = "Restore the file, or delete it: its question is then asked, and paid for, again";
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		throw new DnoError({ what: "a stored verdict is damaged", where, got: text, mend, cause });
	}
	const parsed = storedReply.safeParse(value);
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
