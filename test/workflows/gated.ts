import { proxyActivities } from "@temporalio/workflow";

/** The campaign's own workflow, over an iteration that is one activity of a test's. */
export { campaign } from "../../workflows/campaign.ts";

export interface Iterating {
	iterate(): Promise<void>;
}

export async function iteration() {
	await proxyActivities<Iterating>({ startToCloseTimeout: "5 minutes" }).iterate();
	const ref = { sha256: "1".repeat(64), bytes: 1 };
	return { record: ref, policies: { dno: { name: "dno-1", manifest: ref } }, freshPairs: ref };
}
