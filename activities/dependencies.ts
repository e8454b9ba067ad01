import type { CampaignEvent } from "../core/events.ts";
import type { Store } from "./store/store.ts";

/** What every activity is made with; a worker's entry point chooses the store and where events go. */
export interface ActivityDependencies {
	readonly store: Store;
	/** Folder of the campaign's config file: where the config's relative paths begin. */
	readonly folder: string;
	/** Told of progress and finished iterations; a campaign that nobody watches drops them. */
	readonly emit: (event: CampaignEvent) => void;
}
