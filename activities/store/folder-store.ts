import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, copyFile, link, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { DnoError } from "../../core/errors.ts";
import type { ArtifactRef } from "../../core/records.ts";
import { writeFileAtomic } from "./atomic-write.ts";
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

	return {
		async put(bytes, lineage) {
			const data = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
			const sha256 = createHash("sha256").update(data).digest("hex");
			await describe(sha256, lineage);
			if (!(await exists(objectPath(sha256)))) await writeFileAtomic(objectPath(sha256), data);
			return { sha256, bytes: data.byteLength };
		},

		async putFile(path, lineage) {
			const hash = createHash("sha256");
			await pipeline(createReadStream(path), hash);
			const sha256 = hash.digest("hex");
			await describe(sha256, lineage);
			await place(path, objectPath(sha256));
			return { sha256, bytes: (await stat(path)).size };
		},

		async get(ref) {
			const path = objectPath(ref.sha256);
			const bytes = await readFile(path).catch((cause) => {
				throw missing(path, cause);
			});
			const sha256 = createHash("sha256").update(bytes).digest("hex");
			if (sha256 !== ref.sha256) {
				throw new DnoError({
					what: "an artifact's bytes do not match its name",
					where: path,
					got: `sha256 ${sha256}`,
					mend: "Delete the file and its step will be done again",
				});
			}
			return bytes;
		},

		async exportTo(ref, path) {
			if (!(await exists(objectPath(ref.sha256)))) throw missing(objectPath(ref.sha256));
			await place(objectPath(ref.sha256), path);
		},

		async findStep(key) {
			const text = await readFile(stepPath(key), "utf8").catch((error: NodeJS.ErrnoException) => {
				if (error.code === "ENOENT") return undefined;
				throw error;
			});
			if (text === undefined) return undefined;
			const { result } = JSON.parse(text) as { result: unknown };
			for (const ref of refsIn(result)) if (!(await exists(objectPath(ref.sha256)))) return undefined;
			return result;
		},

		async recordStep(key, step) {
			await writeFileAtomic(stepPath(key), `${JSON.stringify(step, undefined, "\t")}\n`);
		},
	};
}

/** Links where the file system can, since weights are large; an object is never written again, so sharing it is safe. */
async function place(from: string, to: string): Promise<void> {
	await mkdir(dirname(to), { recursive: true });
	const temporary = `${to}.${randomUUID()}.tmp`;
	try {
		await link(from, temporary).catch(() => copyFile(from, temporary));
		await rename(temporary, to);
	} finally {
		// Renaming a link over another link to the same file leaves both in place.
		await rm(temporary, { force: true });
	}
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

function* refsIn(value: unknown): Generator<ArtifactRef> {
	if (typeof value !== "object" || value === null) return;
	if ("sha256" in value && "bytes" in value) yield value as ArtifactRef;
	else for (const inner of Object.values(value)) yield* refsIn(inner);
}
