import { constants, createReadStream, statSync } from "node:fs";
import { copyFile, open, readFile, rm, stat, utimes } from "node:fs/promises";
import { join, relative } from "node:path";
import { systemError } from "../../core/system-errors.ts";
import { flush, moveAtomically, replaceAtomically, writeFileAtomic, writeFirstAtomic } from "./atomic-write.ts";
import { hashOf } from "./hash-file.ts";
import { storeNames } from "./layout.ts";
import { setAside } from "./set-aside.ts";
import { type StoreFiles, WrongHash } from "./store-files.ts";
import { filesUnder } from "./walk.ts";

/** A store's files in a folder, which is made when the first one is written. */
export function createFolderFiles(root: string): StoreFiles {
	const pathOf = (name: string) => join(root, name);
	const statOf = async (name: string) => {
		const found = await orNone(stat(pathOf(name)));
		return found && { name, bytes: found.size, modifiedMs: found.mtimeMs };
	};
	const read = async (name: string) => {
		const path = pathOf(name);
		return isThere(path) ? await orNone(readFile(path)) : undefined;
	};
	return {
		root,
		scratch: pathOf("objects"),
		pathOf,
		stat: statOf,
		read,
		async stream(name, first) {
			const file = await orNone(open(pathOf(name)));
			await file?.close();
			return file && createReadStream(pathOf(name), first === undefined ? {} : { end: first - 1 });
		},
		async *list(folder) {
			for await (const path of filesUnder(pathOf(folder))) {
				const found = await statOf(relative(root, path).replaceAll("\\", "/"));
				if (found !== undefined) yield found;
			}
		},
		write: (name, content) => writeFileAtomic(pathOf(name), content),
		writeFirst: (name, content, isNameFlushed) => writeFirstAtomic(pathOf(name), content, isNameFlushed),
		touch: ({ name }) => utimes(pathOf(name), new Date(), new Date()).catch(() => {}),
		remove: (name) => rm(pathOf(name), { force: true }),
		setAside: (name) => setAside(root, pathOf(name)),

		async keepObject(sha256, source) {
			const path = pathOf(storeNames.object(sha256));
			const isKept = isThere(path) && (await hashOf(path)) === sha256;
			// Whoever stores it again needs it still, which dno gc sees by its age.
			if (isKept) await utimes(path, new Date(), new Date()).catch(() => {});
			// A step's record that names an object which a power cut took away is no result: findStep.
			else if (source instanceof Uint8Array) await writeFileAtomic(path, source, false);
			else if (source.isOurs === true) await moveAtomically(source.file, path);
			else await copyAs(source.file, path, sha256);
		},
		readObject: (sha256) => read(storeNames.object(sha256)),
		async copyObject(sha256, path) {
			const from = pathOf(storeNames.object(sha256));
			if (!isThere(from)) return false;
			await copyAs(from, path, sha256);
			return true;
		},
	};
}

/**
 * Copies a file, sharing blocks where the file system can, since weights are large. Never a hard link: who edits one of two
 * names in place edits the other, and an artifact is never written again.
 *
 * @throws WrongHash where the copy does not hash to `sha256`
 */
export async function copyAs(from: string, to: string, sha256: string): Promise<void> {
	await replaceAtomically(to, async (temporary) => {
		await copyFile(from, temporary, constants.COPYFILE_FICLONE);
		const found = await hashOf(temporary);
		if (found !== sha256) throw new WrongHash(found);
		await flush(temporary);
	});
}

function orNone<T>(reading: Promise<T>): Promise<T | undefined> {
	return reading.catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return undefined;
		throw systemError(error) ?? error;
	});
}

/**
 * Asked before every call, and nearly always in vain: an error made only to be caught would cost more than the question.
 *
 * @throws where the system does not say so: a file that it cannot look at may well be there
 */
function isThere(path: string): boolean {
	try {
		return statSync(path, { throwIfNoEntry: false }) !== undefined;
	} catch (error) {
		throw systemError(error, path) ?? error;
	}
}
