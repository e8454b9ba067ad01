import { Context } from "@temporalio/activity";
import type { ArtifactRef } from "../../core/records.ts";
import { hashJson } from "./hash-json.ts";
import type { Lineage, Store } from "./store.ts";

/** Raise when a step's meaning changes, so that results of the old code are not taken for the new. */
const STEP_VERSION = 2;

type Data = Uint8Array | string | { readonly file: string };

/** Stores an artifact of the step, with its lineage. */
export type Put = (data: Data) => Promise<ArtifactRef>;

/** Also one that is made as it is written. */
export type PutStream = (data: Data | AsyncIterable<string | Uint8Array>) => Promise<ArtifactRef>;

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
	run: (put: PutStream, before: T | undefined) => Promise<T>,
	isFinished: (result: T) => boolean = () => true,
): Promise<T> {
	const key = stepKey(name, inputs);
	const found = (await store.findStep(key, currentCampaign())) as T | undefined;
	if (found !== undefined && isFinished(found)) return found;
	const lineage = lineageOf(name, inputs);
	const put: PutStream = (data) => {
		if (typeof data === "string" || data instanceof Uint8Array) return store.put(data, lineage);
		return "file" in data ? store.putFile(data.file, lineage) : store.putStream(data, lineage);
	};
	const result = await run(put, found);
	await store.recordStep(key, { name, inputs, result, campaign: currentCampaign() });
	return result;
}

/** The result of a step that has run before, finished or not; undefined where it has not. */
export async function findStep<T>(store: Store, name: string, inputs: unknown): Promise<T | undefined> {
	return (await store.findStep(stepKey(name, inputs), currentCampaign())) as T | undefined;
}

/** @param version another one than that of now, for records of older code */
export function stepKey(name: string, inputs: unknown, version = STEP_VERSION): string {
	return hashJson({ version, name, inputs });
}

/** Whether a key is that of a step with these inputs, for this version of the code or one before. */
export function isKeyOf(key: string, name: string, inputs: unknown): boolean {
	return Array.from({ length: STEP_VERSION }, (_, i) => stepKey(name, inputs, i + 1)).includes(key);
}

/** The id of the campaign that the running activity works for; its children are named `<id>/…`. */
function currentCampaign(): string | undefined {
	return campaignOf(Context.current().info.workflowExecution?.workflowId);
}

/** The id of the campaign that a workflow belongs to. */
export function campaignOf(workflowId: string | undefined): string | undefined {
	return workflowId?.split("/", 1)[0];
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
