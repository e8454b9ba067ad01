import type { ArtifactRef } from "../../core/records.ts";
import type { ReportJob } from "../../core/steps.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { longStep } from "../long-step.ts";
import { putArtifact } from "../store/durable-step.ts";
import { assembleReport } from "./assemble.ts";
import { readRecord } from "./iteration-records.ts";

export interface AssemblyDependencies extends ActivityDependencies {
	/** Engine and start of the campaign, for the page's head. */
	readonly facts: () => Promise<{ readonly engine: string; readonly startedAt: string }>;
}

/** Puts reports together. */
export function createAssemblyActivities({ store, facts }: AssemblyDependencies) {
	return {
		/**
		 * A campaign's report as of its last iteration: the text of report.json, kept in the store. Whoever has the campaign's folder
		 * writes it there.
		 */
		async assembleReport(job: ReportJob): Promise<ArtifactRef> {
			return longStep(async () => {
				const config = await readConfig(store, job.spec.config);
				const records = await Promise.all(job.iterations.map((ref) => readRecord(store, ref)));
				const report = await assembleReport(store, job, records, config, await facts());
				// Not a step's result: what takes long is one already, and another version of dno puts it together its own way.
				return putArtifact(store, "report", job, `${JSON.stringify(report, undefined, "\t")}\n`);
			});
		},
	};
}
