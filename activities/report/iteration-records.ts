import type { ArtifactRef } from "../../core/records.ts";
import type { IterationRecord } from "../../core/steps.ts";
import { durableStep } from "../store/durable-step.ts";
import type { Store } from "../store/store.ts";

/** Stores what an iteration leaves, so that the campaign's history carries a reference. */
export async function keepRecord(store: Store, record: IterationRecord): Promise<ArtifactRef> {
	return durableStep(store, "record-iteration", record, (put) => put(JSON.stringify(record)));
}

export async function readRecord(store: Store, ref: ArtifactRef): Promise<IterationRecord> {
	return JSON.parse(new TextDecoder().decode(await store.get(ref))) as IterationRecord;
}
