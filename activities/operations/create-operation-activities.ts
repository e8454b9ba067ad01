import { ApplicationFailure } from "@temporalio/common";
import { z } from "zod";
import type { CampaignConfig } from "../../core/config.ts";
import { REFUSED } from "../../core/failure-types.ts";
import { judgingSpec } from "../../core/judging-spec.ts";
import type { Operation } from "../../core/operations.ts";
import { type ArtifactRef, prompt } from "../../core/records.ts";
import {
	type AmendedSpec,
	type Amendment,
	type SteeringSet,
	specAt,
	whyFixed,
	withValues,
} from "../../core/steering.ts";
import type { CampaignSpec } from "../../core/steps.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { judgedShapes } from "../evaluation/evaluate.ts";
import { putArtifact } from "../store/durable-step.ts";
import { readJsonLines } from "../store/json-lines.ts";
import type { Store } from "../store/store.ts";
import type { Journal } from "./journal.ts";

export interface OperationDependencies extends ActivityDependencies {
	readonly journal: Journal;
}

type WithoutHead<T> = T extends unknown ? Omit<T, "schemaVersion" | "at"> : never;

export interface AmendJob {
	readonly spec: CampaignSpec;
	readonly amendments: readonly Amendment[];
	/** The iteration in hand and one. */
	readonly from: number;
	readonly set: SteeringSet;
}

/** What operators do to a campaign, checked and kept in its journal. */
export function createOperationActivities({ store, journal, emit }: OperationDependencies) {
	const keep = (entry: WithoutHead<Operation>) =>
		journal.append({ schemaVersion: 1, at: new Date().toISOString(), ...entry } as Operation);
	return {
		async recordOperation(entry: WithoutHead<Exclude<Operation, { kind: "steer" }>>): Promise<void> {
			await keep(entry);
		},

		/** Tells whoever watches that a policy waits for its approval. */
		async reportApproval({ iteration }: { readonly iteration: number }): Promise<void> {
			emit({ event: "approval", iteration });
		},

		/**
		 * Puts values into a campaign's config, from an iteration on.
		 *
		 * @throws ApplicationFailure of type REFUSED with what is wrong with them
		 */
		async amendCampaign({ spec, amendments, from, set }: AmendJob): Promise<Amendment> {
			const now = specAt(spec, amendments, Number.POSITIVE_INFINITY);
			const config = check(await readConfig(store, now.config), set);
			if (config.iterations < from - 1)
				refuse(`iterations: ${config.iterations} is less than the ${from - 1} that are done or in hand`);
			if (config.iterations < from && set.iterations === undefined)
				refuse(`the last iteration, ${from - 1}, is in hand, so that nothing would change: raise iterations, too`);
			const put = (text: string) => putArtifact(store, "steer", { campaign: spec.id }, text);
			const amendment: Amendment = { from, set, spec: await amendedSpec(store, spec, config, put) };
			await keep({ kind: "steer", ...amendment });
			return amendment;
		},
	};
}

function check(config: CampaignConfig, set: SteeringSet): CampaignConfig {
	for (const key of Object.keys(set)) {
		const why = whyFixed(key);
		if (why !== undefined) refuse(`${key} cannot change while the campaign runs: ${why}`);
	}
	const parsed = withValues(config, set);
	if (parsed.success) return parsed.data;
	return refuse(z.prettifyError(parsed.error).replaceAll("\n", " "));
}

/** What of a spec follows from the changed config. */
export async function amendedSpec(
	store: Store,
	spec: CampaignSpec,
	config: CampaignConfig,
	put: (text: string) => Promise<ArtifactRef>,
): Promise<AmendedSpec> {
	const prompts = await readJsonLines(store, spec.prompts.train.ref, prompt);
	return {
		config: await put(JSON.stringify(config)),
		iterations: config.iterations,
		loss: config.training.loss,
		replay: config.pairs.replay.length,
		judging: judgingSpec(config.oracle, judgedShapes(config, prompts)),
		...(config.promotion === "approval" && { promotion: config.promotion }),
	};
}

function refuse(why: string): never {
	throw ApplicationFailure.nonRetryable(why, REFUSED);
}
