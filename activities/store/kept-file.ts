import { statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Milliseconds without use after which a file is closed: nothing says of a file that it will not be used again. */
const IDLE_MS = 1_000;

/** Uses a file, one user at a time; rejects as `open` does where it cannot be opened. */
export type KeptFile = <T>(use: (file: FileHandle) => Promise<T>) => Promise<T>;

/**
 * A file that is opened when it is first used, and stays open from one use to the next: opening it costs more than reading or
 * writing a line. Where its name has come to mean another file, or none, it is opened anew.
 *
 * @param flags of `open`
 */
export function keepOpen(path: string, flags: string): KeptFile {
	let kept: { readonly file: FileHandle; readonly identity: string } | undefined;
	let idle: NodeJS.Timeout | undefined;

	const close = async (): Promise<void> => {
		const { file } = kept ?? {};
		kept = undefined;
		await file?.close();
	};

	return async (use) => {
		clearTimeout(idle);
		// What is written to a file without a name is lost: repairs replace files, and people delete folders.
		if (kept !== undefined && identityOf(statSync(path, { throwIfNoEntry: false })) !== kept.identity) await close();
		if (kept === undefined) {
			const file = await open(path, flags);
			kept = { file, identity: identityOf(await file.stat())! };
		}
		try {
			return await use(kept.file);
		} finally {
			idle = setTimeout(() => close().catch(() => {}), IDLE_MS).unref();
		}
	};
}

function identityOf(stats: { readonly dev: number; readonly ino: number } | undefined): string | undefined {
	return stats && `${stats.dev} ${stats.ino}`;
}
