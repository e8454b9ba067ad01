import { upsertSearchAttributes } from "@temporalio/workflow";
import { type CampaignAttributes, searchAttributePairs } from "../core/search-attributes.ts";
import type { CampaignSpec } from "../core/steps.ts";

/** Makes a campaign's standing findable on the server, where that knows the attributes. */
export function publish({ hasSearchAttributes }: CampaignSpec, attributes: CampaignAttributes): void {
	if (hasSearchAttributes) upsertSearchAttributes(searchAttributePairs(attributes));
}
