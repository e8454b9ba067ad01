import type { ArtifactRef } from "../../core/records.ts";
import type { StepRecord } from "./step-record.ts";

/** What an artifact was made from: the step, its inputs and the workflow run that asked for it. */
export interface Lineage {
	readonly step: string;
	readonly inputs: unknown;
	readonly workflow?: { readonly id: string; readonly runId: string };
}

/** Content-addressed artifacts, and the results of finished steps by the hash of their inputs. */
export interface Store {
	put(bytes: Uint8Array | string, lineage: Lineage): Promise<ArtifactRef>;
	/** Like {@link put} for text too large to hold in memory; it is written as it comes. */
	putStream(text: AsyncIterable<string | Uint8Array>, lineage: Lineage): Promise<ArtifactRef>;
	/** Like {@link put} for a file too large to read at once. */
	putFile(path: string, lineage: Lineage): Promise<ArtifactRef>;
	/** @throws DnoError when the artifact is missing or its bytes do not hash to its name */
	get(ref: ArtifactRef): Promise<Uint8Array>;
	/**
	 * Copies the artifact's bytes to `path`, replacing what is there; the copy may be edited.
	 *
	 * @throws DnoError when the artifact is missing or its bytes do not hash to its name
	 */
	exportTo(ref: ArtifactRef, path: string): Promise<void>;
	/**
	 * The result recorded under `key`; undefined where there is none, it is damaged, or an artifact that it names is missing.
	 *
	 * @param campaign who asks: what it uses stays, also when the campaign that recorded it is deleted
	 */
	findStep(key: string, campaign?: string): Promise<unknown>;
	recordStep(key: string, step: StepRecord): Promise<void>;
}
