import type { ArtifactRef } from "../../core/records.ts";
import type { ReportJob } from "../../core/steps.ts";
import { bookkeeping } from "../../workflows/control.ts";

/** A workflow of one piece of bookkeeping, with the options that campaigns give it. */
export async function assembles(job: ReportJob): Promise<ArtifactRef> {
	return await bookkeeping().assembleReport(job);
}
