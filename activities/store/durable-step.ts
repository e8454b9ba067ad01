import { Context } from "@temporalio/activity";
import type { ArtifactRef } from "../../core/records.ts";
import { hashJson } from "./hash-json.ts";
import type { Lineage, Store } from "./store.ts";

/** Raise when a step's meaning changes, so that results of the old code are not taken for the new. */
const STEP_VERSION = 2;

/** Stores an artifact of the step, with its lineage. */
export type Put = (data: Uint8Array | string | { readonly file: string }) => Promise<ArtifactRef>;

/**
 * Runs a step once for given inputs: a result recorded under the hash of its name and inputs is returned as it is, as long
 * as the artifacts it names exist, those of a policy's manifest included. This is what lets a campaign whose Temporal history was lost skip finished work.
 *
 * @param inputs everything that determines the result; JSON-serialisable, without paths of this machine
 * @param run is handed the result of a run before that was not finished
 * @param isFinished says of a recorded result whether it stands; what does not is made again, from where it got to
 */
export async function durableStep<T>(
	store: Store,
	name: string,
	inputs: unknown,
	run: (put: Put, before: T | undefined) => Promise<T>,
	isFinished: (result: T) => boolean = () => true,
): Promise<T> {
	const key = stepKey(name, inputs);
	const found = (await store.findStep(key)) as T | undefined;
	if (found !== undefined && isFinished(found)) return found;
	const lineage = lineageOf(name, inputs);
	const put: Put = (data) =>
		typeof data === "object" && "file" in data ? store.putFile(data.file, lineage) : store.put(data, lineage);
	const result = await run(put, found);
	await store.recordStep(key, { name, inputs, result });
	return result;
}

/** The result of a step that has run before, finished or not; undefined where it has not. */
export async function findStep<T>(store: Store, name: string, inputs: unknown): Promise<T | undefined> {
	return (await store.findStep(stepKey(name, inputs))) as T | undefined;
}

function stepKey(name: string, inputs: unknown): string {
	return hashJson({ version: STEP_VERSION, name, inputs });
}

/** Stores what an activity makes that is not the result of a step of its own, with its lineage. */
export function putArtifact(store: Store, name: string, inputs: unknown, data: string): Promise<ArtifactRef> {
	return store.put(data, lineageOf(name, inputs));
}

function lineageOf(step: string, inputs: unknown): Lineage {
	const { workflowExecution } = Context.current().info;
	return {
		step,
		inputs,
		...(workflowExecution && { workflow: { id: workflowExecution.workflowId, runId: workflowExecution.runId } }),
	};
}
