import {
	CancellationScope,
	executeChild,
	getExternalWorkflowHandle,
	proxyActivities,
	setWorkflowOptions,
	workflowInfo,
} from "@temporalio/workflow";
import type { NightlyInput, NightResult } from "../core/nights.ts";
import type { NightActivities } from "../infra/nights/create-night-activities.ts";
import { campaign } from "./campaign.ts";
import { CONTROL } from "./retries.ts";

/** Weights are copied and hashed: gigabytes, on a shared disk. */
const nights = proxyActivities<NightActivities>({ ...CONTROL, startToCloseTimeout: "30 minutes" });

// It waits for a campaign that may go on with newer workers while the older ones leave, and has to record its end.
setWorkflowOptions({ versioningBehavior: "AUTO_UPGRADE" }, nightly);

/**
 * One night of a schedule: a campaign on prompts that no earlier night has used, from the policy that the last one ended with.
 * Where it is called off, by the next one or by hand, its campaign is.
 *
 * @throws what the campaign failed of, once it is recorded how far it got
 */
export async function nightly({ schedule, iterations }: NightlyInput): Promise<NightResult> {
	const run = workflowInfo().firstExecutionRunId;
	const { spec, bundle } = await nights.prepareNight({ schedule, iterations, run });
	const { cancelRequested } = CancellationScope.current();
	return await CancellationScope.nonCancellable(async () => {
		// By its id: a campaign is many runs, of which the child that was started here is the first.
		cancelRequested.catch(() =>
			CancellationScope.nonCancellable(() => getExternalWorkflowHandle(spec.id).cancel()).catch(() => {}),
		);
		let result: Awaited<ReturnType<typeof campaign>>;
		try {
			result = await executeChild(campaign, { workflowId: spec.id, args: [{ spec }], memo: { bundle } });
		} catch (error) {
			await nights.recordNight({ schedule, run, state: "failed" });
			throw error;
		}
		const { finishedIterations, stopped, policy } = result;
		const state = stopped ? "stopped" : "finished";
		return await nights.recordNight({ schedule, run, state, finishedIterations, ...(policy && { policy }) });
	});
}
