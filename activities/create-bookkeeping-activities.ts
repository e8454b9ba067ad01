import { createEvaluationActivities } from "./evaluation/create-evaluation-activities.ts";
import { createPairActivities } from "./pairs/create-pair-activities.ts";
import { type AssemblyDependencies, createAssemblyActivities } from "./report/create-assembly-activities.ts";

export type BookkeepingDependencies = AssemblyDependencies;

/**
 * Bookkeeping that goes through all that was sampled or judged. It needs the store alone, so the judges' workers do it, whatever
 * machine they are on.
 */
export function createBookkeepingActivities(dependencies: BookkeepingDependencies) {
	return {
		...createPairActivities(dependencies),
		...createEvaluationActivities(dependencies),
		...createAssemblyActivities(dependencies),
	};
}

export type BookkeepingActivities = ReturnType<typeof createBookkeepingActivities>;
