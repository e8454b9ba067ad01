import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { DnoError } from "../../core/errors.ts";
import type { ArtifactRef } from "../../core/records.ts";
import { writeUnnamed } from "./atomic-write.ts";
import { hashOf } from "./hash-file.ts";
import { storeNames } from "./layout.ts";
import { readManifest } from "./manifest.ts";
import { refsIn } from "./references.ts";
import { readStepRecord, writeStepRecord } from "./step-record.ts";
import type { Lineage, Store } from "./store.ts";
import { type StoreFiles, WrongHash } from "./store-files.ts";

const AGAIN = "Run the campaign again: its step is done again; of one that has finished, after dno fsck --repair";

/** A store in a folder or a bucket, see layout.ts. What is found damaged is moved to `damaged/`, and its step is done again. */
export function createStore(files: StoreFiles): Store {
	const { pathOf } = files;

	const describe = async (sha256: string, lineage: Lineage): Promise<void> => {
		const name = storeNames.lineage(sha256);
		// The first maker stays named: a second one that makes the same bytes adds nothing to where they came from. Its age
		// tells dno gc that the object is needed still.
		const found = await files.stat(name);
		if (found === undefined) await files.writeFirst(name, `${JSON.stringify(lineage)}\n`, false);
		else await files.touch(found);
	};

	/** @throws DnoError, always */
	const damaged = async (sha256: string, found: string): Promise<never> => {
		const name = storeNames.object(sha256);
		const aside = await files.setAside(name);
		throw new DnoError({
			what: "an artifact's bytes do not match its name",
			where: pathOf(name),
			got: `sha256 ${found}`,
			mend:
				aside === undefined
					? "Run dno fsck --repair, then the campaign again: its step is done again"
					: `It was moved to damaged/ in the store. ${AGAIN}`,
		});
	};

	const missing = (sha256: string): DnoError =>
		new DnoError({
			what: "an artifact is missing from the store",
			where: pathOf(storeNames.object(sha256)),
			mend: AGAIN,
		});

	const get = async ({ sha256 }: ArtifactRef): Promise<Uint8Array> => {
		const bytes = await files.readObject(sha256);
		if (bytes === undefined) throw missing(sha256);
		const found = createHash("sha256").update(bytes).digest("hex");
		return found === sha256 ? bytes : await damaged(sha256, found);
	};

	/** Whether everything that a step's result names is there: artifacts, and the files of policies' manifests. */
	const isComplete = async (result: unknown): Promise<boolean> => {
		for (const { key, ref } of refsIn(result)) {
			if ((await files.stat(storeNames.object(ref.sha256))) === undefined) return false;
			if (key !== "manifest") continue;
			const manifest = await get(ref).catch((error) => {
				// It has just been moved aside: the step is not complete any more.
				if (error instanceof DnoError && !error.isRetryable) return undefined;
				throw error;
			});
			if (manifest === undefined || !(await isComplete(readManifest(manifest)))) return false;
		}
		return true;
	};

	return {
		async put(bytes, lineage) {
			const data = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
			const sha256 = createHash("sha256").update(data).digest("hex");
			await describe(sha256, lineage);
			await files.keepObject(sha256, data);
			return { sha256, bytes: data.byteLength };
		},

		async putStream(text, lineage) {
			const hash = createHash("sha256");
			let bytes = 0;
			const hashed = async function* () {
				for await (const part of text) {
					const data = Buffer.from(part);
					hash.update(data);
					bytes += data.byteLength;
					yield data;
				}
			};
			return writeUnnamed(files.scratch, hashed(), async (file) => {
				const sha256 = hash.digest("hex");
				await describe(sha256, lineage);
				await files.keepObject(sha256, { file, isOurs: true });
				return { sha256, bytes };
			});
		},

		async putFile(path, lineage) {
			const sha256 = await hashOf(path);
			await describe(sha256, lineage);
			const { size } = await stat(path);
			await files.keepObject(sha256, { file: path }).catch((error) => {
				if (!(error instanceof WrongHash)) throw error;
				throw new DnoError({ what: "the file has changed while it was stored", where: path, isRetryable: true });
			});
			return { sha256, bytes: size };
		},

		get,

		async exportTo({ sha256 }, path) {
			// The report exports the same files again after every iteration.
			if ((await hashOf(path).catch(() => undefined)) === sha256 && (await files.stat(storeNames.object(sha256))))
				return;
			const isThere = await files.copyObject(sha256, path).catch(async (error) => {
				throw error instanceof WrongHash ? await damaged(sha256, error.found) : error;
			});
			if (!isThere) throw missing(sha256);
		},

		async findStep(key, campaign) {
			const name = storeNames.step(key);
			const text = await files.read(name);
			if (text === undefined) return undefined;
			const record = readStepRecord(new TextDecoder().decode(text));
			if (record === undefined) {
				await files.setAside(name);
				return undefined;
			}
			if (!(await isComplete(record.result))) return undefined;
			if (campaign !== undefined && record.campaign !== undefined && campaign !== record.campaign)
				await files.writeFirst(storeNames.use(key, campaign), "");
			return record.result;
		},

		async recordStep(key, step) {
			await files.write(storeNames.step(key), writeStepRecord(step));
		},
	};
}
