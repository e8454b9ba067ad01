import { Context } from "@temporalio/activity";
import type { NativeConnection } from "@temporalio/worker";
import { DnoError } from "../../core/errors.ts";
import type { NightResult, NightRun } from "../../core/nights.ts";
import type { CampaignSpec } from "../../core/steps.ts";
import { ensureSearchAttributes } from "../campaign/search-attributes.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { endNight, readNights } from "./night-files.ts";
import { prepareNight } from "./prepare-night.ts";
import { reachedBy } from "./promoted-policy.ts";

/** How a night's campaign ended; of a failed one the server says how far it got. */
export type NightEnd = Pick<NightRun, "schedule" | "run"> &
	(
		| (Pick<NightResult, "finishedIterations" | "policy"> & { readonly state: "finished" | "stopped" })
		| { readonly state: "failed" }
	);

/**
 * What the workflow `nightly` does beside its campaign.
 *
 * @param bundle version of the workflow code that the worker runs campaigns with
 */
export function createNightActivities(workspace: Workspace, bundle: string) {
	return {
		async prepareNight(job: NightRun): Promise<{ readonly spec: CampaignSpec; readonly bundle: string }> {
			const spec = await prepareNight(workspace, job);
			const { connection, options } = Context.current().client;
			const hasSearchAttributes = await ensureSearchAttributes(connection as NativeConnection, options.namespace);
			return { spec: { ...spec, hasSearchAttributes }, bundle };
		},
		async recordNight(ended: NightEnd): Promise<NightResult> {
			const { schedule, run, state } = ended;
			const night = (await readNights(workspace, schedule)).find((each) => each.run === run);
			if (night === undefined)
				throw new DnoError({
					what: "the night that is to be recorded is not in the workspace",
					where: workspace.directory,
					got: `${schedule}, run ${run}`,
					mend: "Put its file back under schedules/",
				});
			const { number, campaign, initialPolicy } = night;
			const reached = ended.state === "failed" ? await reachedBy(campaign) : ended;
			const { finishedIterations, policy = initialPolicy } = reached;
			const end = { state, finishedIterations, ...(policy && { policy }) };
			await endNight(workspace, schedule, number, { schemaVersion: 1, endedAt: new Date().toISOString(), ...end });
			return { number, campaign, ...end };
		},
	};
}

export type NightActivities = ReturnType<typeof createNightActivities>;
