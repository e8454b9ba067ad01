import { Context } from "@temporalio/activity";
import type { BookkeepingDependencies } from "../../activities/create-bookkeeping-activities.ts";
import type { ControlDependencies } from "../../activities/create-control-activities.ts";
import type { JudgeDependencies } from "../../activities/oracle/dependencies.ts";
import type { CampaignConfig } from "../../core/config.ts";
import { DnoError } from "../../core/errors.ts";
import type { CampaignEvent } from "../../core/events.ts";
import { type CampaignPlaces, configOf, placesOf } from "./campaign-file.ts";
import { notedEngine } from "./engine-note.ts";
import { campaignOfId } from "./find-campaign.ts";
import { openFiles, openJournal, openLedger, openStore, openVerdicts } from "./open-store.ts";
import type { Workspace } from "./workspace.ts";

/** Told of what the steps of a workspace's campaigns say, and of which campaign it is. */
export type PoolEmit = (campaign: string, event: CampaignEvent) => void;

/** What the activities of one campaign are made from. */
export interface ServedCampaign {
	readonly id: string;
	readonly config: CampaignConfig;
	readonly places: CampaignPlaces;
	readonly dependencies: ControlDependencies & JudgeDependencies & BookkeepingDependencies;
}

// biome-ignore lint/suspicious/noExplicitAny: activities differ in their arguments; the workflows' types check them
type Activities = Readonly<Record<string, (...args: any[]) => Promise<unknown>>>;

/** The campaign that a workflow or one of its children belongs to. */
export function campaignIdOf(workflowId: string): string {
	return workflowId.split("/", 1)[0]!;
}

/**
 * Activities for every campaign of a workspace: those of a campaign are made when its first step comes, from what its folder
 * says, and kept. Campaigns that begin later are found then.
 *
 * @returns for the worker's `activities`: the SDK calls `default` for every name that it does not know
 */
export function campaignActivities(
	workspace: Workspace,
	emit: PoolEmit,
	make: (campaign: ServedCampaign) => Activities | Promise<Activities>,
): { readonly default: (...args: unknown[]) => Promise<unknown> } {
	const made = new Map<string, Promise<Activities>>();
	const activitiesOf = (id: string): Promise<Activities> => {
		const known = made.get(id);
		if (known !== undefined) return known;
		const making = serve(workspace, id, emit).then(make);
		made.set(id, making);
		// What could not be read may be there the next time.
		making.catch(() => made.delete(id));
		return making;
	};
	return {
		async default(...args) {
			const { activityType, workflowExecution } = Context.current().info;
			const activities = await activitiesOf(campaignIdOf(workflowExecution?.workflowId ?? ""));
			if (!Object.hasOwn(activities, activityType))
				throw new DnoError({
					what: "the worker knows no such step",
					got: activityType,
					mend: "Restart the workers after an update: all processes of a workspace must be of one version",
					isRetryable: true,
				});
			return activities[activityType]!(...args);
		},
	};
}

/** Where a GPU host of an earlier version has computed everything. */
const UNKNOWN = "unknown";

async function serve(workspace: Workspace, id: string, emitOf: PoolEmit): Promise<ServedCampaign> {
	const found = await campaignOfId(workspace, id);
	if (found === undefined)
		throw new DnoError({
			what: "a step came of a campaign that is not in the workspace",
			where: workspace.directory,
			got: id,
			mend: "Put its folder back, or give the worker the campaign's --workspace",
			isRetryable: true,
		});
	const { directory, file } = found;
	const places = placesOf(directory, file);
	const config = configOf(file, directory);
	return {
		...{ id, config, places },
		dependencies: {
			store: openStore(places.store, (event) => emitOf(id, event)),
			verdicts: openVerdicts(places.verdicts),
			ledger: openLedger(places.ledger),
			journal: openJournal(places.journal),
			...(places.published !== undefined && { published: openFiles(places.published) }),
			folder: file.folder ?? directory,
			directory,
			facts: async () => ({ engine: (await notedEngine(places.store, id)) ?? UNKNOWN, startedAt: file.createdAt }),
			emit: (event) => emitOf(id, event),
		},
	};
}
