import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { access, copyFile, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { DnoError } from "../../core/errors.ts";
import type { ArtifactRef } from "../../core/records.ts";
import { flush, replaceAtomically, writeFileAtomic } from "./atomic-write.ts";
import { readManifest } from "./manifest.ts";
import type { Lineage, Store } from "./store.ts";

/**
 * A store in a folder: `objects/ab/<sha256>` with `<sha256>.from.json` beside it, and `steps/ab/<key>.json`.
 * Every file is written whole or not at all, so a kill at any moment leaves nothing half-written.
 */
export function createFolderStore(root: string): Store {
	const objectPath = (sha256: string) => join(root, "objects", sha256.slice(0, 2), sha256);
	const stepPath = (key: string) => join(root, "steps", key.slice(0, 2), `${key}.json`);

	const describe = async (sha256: string, lineage: Lineage): Promise<void> => {
		const path = `${objectPath(sha256)}.from.json`;
		// The first maker stays named: a second one that makes the same bytes adds nothing to where they came from.
		if (!(await exists(path))) await writeFileAtomic(path, `${JSON.stringify(lineage)}\n`);
	};

	const get = async (ref: ArtifactRef): Promise<Uint8Array> => {
		const path = objectPath(ref.sha256);
		const bytes = await readFile(path).catch((cause) => {
			throw missing(path, cause);
		});
		requireHash(path, createHash("sha256").update(bytes).digest("hex"), ref.sha256);
		return bytes;
	};

	/** Whether everything that a step's result names is there: artifacts, and the files of policies' manifests. */
	const isComplete = async (result: unknown): Promise<boolean> => {
		for (const { key, ref } of refsIn(result)) {
			if (!(await exists(objectPath(ref.sha256)))) return false;
			if (key === "manifest" && !(await isComplete(readManifest(await get(ref))))) return false;
		}
		return true;
	};

	return {
		async put(bytes, lineage) {
			const data = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
			const sha256 = createHash("sha256").update(data).digest("hex");
			await describe(sha256, lineage);
			if (!(await exists(objectPath(sha256)))) await writeFileAtomic(objectPath(sha256), data);
			return { sha256, bytes: data.byteLength };
		},

		async putFile(path, lineage) {
			const sha256 = await hashOf(path);
			await describe(sha256, lineage);
			if (!(await exists(objectPath(sha256)))) await copyAs(path, objectPath(sha256), sha256);
			return { sha256, bytes: (await stat(path)).size };
		},

		get,

		async exportTo(ref, path) {
			if (!(await exists(objectPath(ref.sha256)))) throw missing(objectPath(ref.sha256));
			// The report exports the same files again after every iteration.
			if ((await hashOf(path).catch(() => undefined)) === ref.sha256) return;
			await copyAs(objectPath(ref.sha256), path, ref.sha256);
		},

		async findStep(key) {
			const text = await readFile(stepPath(key), "utf8").catch((error: NodeJS.ErrnoException) => {
				if (error.code === "ENOENT") return undefined;
				throw error;
			});
			if (text === undefined) return undefined;
			const { result } = JSON.parse(text) as { result: unknown };
			return (await isComplete(result)) ? result : undefined;
		},

		async recordStep(key, step) {
			await writeFileAtomic(stepPath(key), `${JSON.stringify(step, undefined, "\t")}\n`);
		},
	};
}

/**
 * Copies a file, sharing blocks where the file system can, since weights are large. Never a hard link: who edits one of two
 * names in place edits the other, and an artifact is never written again.
 *
 * @throws DnoError where the copy does not hash to `sha256`
 */
async function copyAs(from: string, to: string, sha256: string): Promise<void> {
	await replaceAtomically(to, async (temporary) => {
		await copyFile(from, temporary, constants.COPYFILE_FICLONE);
		requireHash(from, await hashOf(temporary), sha256);
		await flush(temporary);
	});
}

async function hashOf(path: string): Promise<string> {
	const hash = createHash("sha256");
	await pipeline(createReadStream(path), hash);
	return hash.digest("hex");
}

function requireHash(where: string, found: string, wanted: string): void {
	if (found === wanted) return;
	throw new DnoError({
		what: "an artifact's bytes do not match its name",
		where,
		got: `sha256 ${found}`,
		mend: "Delete the file and its step will be done again",
	});
}

async function exists(path: string): Promise<boolean> {
	return access(path).then(
		() => true,
		() => false,
	);
}

function missing(path: string, cause?: unknown): DnoError {
	return new DnoError({
		what: "an artifact is missing from the store",
		where: path,
		mend: "Run the campaign again",
		cause,
	});
}

/** All references in a value, each with the key it stands under. */
function* refsIn(value: unknown, key = ""): Generator<{ readonly key: string; readonly ref: ArtifactRef }> {
	if (typeof value !== "object" || value === null) return;
	if ("sha256" in value && "bytes" in value) yield { key, ref: value as ArtifactRef };
	else for (const [name, inner] of Object.entries(value)) yield* refsIn(inner, name);
}
