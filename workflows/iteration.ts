import { getExternalWorkflowHandle, workflowInfo } from "@temporalio/workflow";
import type { Stage } from "../core/events.ts";
import type { ArtifactRef } from "../core/records.ts";
import type { VerdictCounts } from "../core/report.ts";
import type { CampaignSpec, EvaluatedPolicy, IterationRecord, PolicyRef, TrainResult } from "../core/steps.ts";
import { baseline } from "./baseline.ts";
import type { CampaignState } from "./campaign-state.ts";
import { bookkeeping, control } from "./control.ts";
import { listenForDrain, runChild, step } from "./drain.ts";
import { evaluation, type InitialAnswers } from "./evaluation.ts";
import { onGpuHost } from "./gpu-host.ts";
import { judging } from "./judging.ts";
import { stageReached } from "./messages.ts";
import { sampleAll } from "./sampling.ts";

export interface IterationInput {
	readonly spec: CampaignSpec;
	/** t, from 1. */
	readonly iteration: number;
	readonly initialPolicy: PolicyRef;
	readonly initialAnswers: InitialAnswers;
	readonly policies: CampaignState["policies"];
	/** Pairs of iterations t−1, t−2, … to replay. */
	readonly previousPairs: readonly ArtifactRef[];
}

export interface IterationOutput {
	readonly record: ArtifactRef;
	readonly policies: CampaignState["policies"];
	readonly freshPairs: ArtifactRef;
}

/**
 * One iteration of DNO-Prct (Algorithm 2): sample K answers a prompt from π_t, rank them and the gold answer by win rate,
 * keep the large-margin pairs, take one pass of DPO with π_t as the reference (Eq. 13), evaluate π_{t+1}. Then the
 * baselines, which need the number of steps that DNO took.
 */
export async function iteration(input: IterationInput): Promise<IterationOutput> {
	const { spec, initialPolicy, initialAnswers, policies } = input;
	const { workflowId } = workflowInfo();
	const context = { config: spec.config, iteration: input.iteration, line: "dno" } as const;
	const policy = policies.dno!;
	listenForDrain();

	const prompts = await control.selectPrompts({ ...context, train: spec.prompts.train.ref });
	await enter("sample");
	const sampled = await sampleAll("sampling", { ...context, policy, prompts, purpose: "training" });
	await enter("judge");
	const judged = await runChild(judging, {
		workflowId: `${workflowId}/judging`,
		args: [
			{
				context: { oracle: spec.oracle, iteration: context.iteration, line: context.line, stage: "rank" },
				spec: spec.judging,
				candidates: [sampled.candidates],
				campaign: spec.id,
			},
		],
	});
	const paired = await bookkeeping().pairCandidates({
		...context,
		candidates: sampled.candidates,
		verdicts: judged.verdicts,
		previous: input.previousPairs,
	});
	let trained: TrainResult | undefined;
	if (paired.steps > 0) {
		const data = { loss: spec.loss, pairs: paired.pairs } as const;
		const job = { ...context, policy, reference: policy, data, steps: paired.steps };
		await enter("train");
		trained = await step(() => onGpuHost((host) => host.trainPolicy(job)));
	}
	const next = trained?.policy ?? policy;
	await enter("evaluate");
	const { evaluated } = await runChild(evaluation, {
		workflowId: `${workflowId}/evaluation`,
		args: [{ spec, context, policy: next, initial: initialAnswers }],
	});

	const all: EvaluatedPolicy[] = [evaluated];
	const nextPolicies = { ...policies, dno: next };
	const curves: Record<string, ArtifactRef> = trained ? { dno: trained.curve } : {};
	const offlineVerdicts: Record<string, VerdictCounts> = {};
	let baselineSeconds = 0;
	// One after the other: they share the GPU hosts with everything else, and the order keeps runs alike.
	for (const line of spec.baselines) {
		const result = await runChild(baseline, {
			workflowId: `${workflowId}/${line}`,
			args: [
				{
					spec,
					context: { ...context, line },
					policy: policies[line]!,
					initialPolicy,
					prompts,
					candidates: sampled.candidates,
					steps: paired.steps,
					initial: initialAnswers,
				},
			],
		});
		all.push(result.evaluated);
		nextPolicies[line] = result.evaluated.policy;
		if (result.trained) curves[line] = result.trained.curve;
		if (result.verdicts) offlineVerdicts[line] = result.verdicts;
		baselineSeconds += result.seconds;
	}

	const record: IterationRecord = {
		iteration: input.iteration,
		reference: policy,
		pairs: paired,
		judged: [{ candidates: [sampled.candidates], verdicts: judged.verdicts }],
		offlineVerdicts,
		evaluated: all,
		curves,
		seconds: {
			sample: sampled.seconds,
			judge: judged.seconds,
			train: trained?.seconds ?? 0,
			evaluate: evaluated.seconds,
			baselines: baselineSeconds,
		},
	};
	return { record: await control.recordIteration(record), policies: nextPolicies, freshPairs: paired.fresh };
}

/** Tells the campaign what its iteration does now; one that runs by itself has nobody to tell. */
async function enter(stage: Stage): Promise<void> {
	const { parent } = workflowInfo();
	if (parent !== undefined) await getExternalWorkflowHandle(parent.workflowId).signal(stageReached, stage);
}
