import { DnoError } from "../../core/errors.ts";
import type { FoundCampaign } from "../workspace/find-campaign.ts";

/** No process has the campaign, and its server, where one is known, has no workflow of it that is under way. */
export class NotRunningError extends DnoError {
	/** What its workflow failed of, where that is how it ended. */
	readonly failure?: DnoError;

	constructor({ file, directory }: FoundCampaign, failure?: DnoError) {
		super({
			what: "the campaign is not under way",
			where: directory,
			got: file.id,
			mend: "Begin it or go on with it with dno start or dno run",
			kind: "usage",
		});
		if (failure !== undefined) this.failure = failure;
	}
}
