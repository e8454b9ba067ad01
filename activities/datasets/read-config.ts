import { type CampaignConfig, campaignConfig } from "../../core/config.ts";
import type { ArtifactRef } from "../../core/records.ts";
import type { Store } from "../store/store.ts";

/** The campaign's config, as it was when the campaign began. */
export async function readConfig(store: Store, ref: ArtifactRef): Promise<CampaignConfig> {
	return campaignConfig.parse(JSON.parse(new TextDecoder().decode(await store.get(ref))));
}
