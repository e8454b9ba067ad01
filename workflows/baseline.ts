import { workflowInfo } from "@temporalio/workflow";
import type { VerdictCounts } from "../core/report.ts";
import type { CandidateSet, PolicyRef, PromptSet, TrainingData, TrainResult } from "../core/steps.ts";
import { bookkeeping } from "./control.ts";
import { listenForDrain, runChild, step } from "./drain.ts";
import { type EvaluationInput, type EvaluationOutput, evaluation } from "./evaluation.ts";
import { onGpuHost } from "./gpu-host.ts";
import { judging } from "./judging.ts";
import { sampleAll } from "./sampling.ts";

export interface BaselineInput extends Omit<EvaluationInput, "policy" | "initial"> {
	readonly initial: NonNullable<EvaluationInput["initial"]>;
	/** The line's own policy of the iteration before. */
	readonly policy: PolicyRef;
	/** π_1, the fixed reference of the offline methods. */
	readonly initialPolicy: PolicyRef;
	/** The iteration's prompts, the same as DNO's. */
	readonly prompts: PromptSet;
	/** DNO's candidates of these prompts: SFT takes the gold answers from them. */
	readonly candidates: CandidateSet;
	/** As many optimizer steps as DNO took. */
	readonly steps: number;
}

export interface BaselineOutput extends Omit<EvaluationOutput, "answers"> {
	readonly trained?: TrainResult;
	/** What became of the line's own judging. */
	readonly verdicts?: VerdictCounts;
	readonly seconds: number;
}

/** One iteration of one of the chart's other lines: the same prompts, the same number of steps, its own data. */
export async function baseline(input: BaselineInput): Promise<BaselineOutput> {
	const { spec, context, policy, initialPolicy, steps, initial } = input;
	listenForDrain();
	let seconds = 0;
	let trained: TrainResult | undefined;
	const prepared = await trainingData(input);
	seconds += prepared.seconds;
	// A preference set whose answers all tie has nothing to train on, which is no reason to end the campaign.
	if (steps > 0 && prepared.count > 0) {
		const job = { ...context, policy, reference: initialPolicy, data: prepared.data, steps };
		trained = await step(() => onGpuHost((host) => host.trainPolicy(job)));
		seconds += trained.seconds;
	}
	const { evaluated } = await runChild(evaluation, {
		workflowId: `${workflowInfo().workflowId}/evaluation`,
		args: [{ spec, context, policy: trained?.policy ?? policy, initial }],
	});
	const { verdicts } = prepared;
	return {
		evaluated,
		...(trained && { trained }),
		...(verdicts && { verdicts }),
		seconds: seconds + evaluated.seconds,
	};
}

interface Prepared {
	readonly data: TrainingData;
	/** Examples. */
	readonly count: number;
	readonly verdicts?: VerdictCounts;
	readonly seconds: number;
}

/**
 * SFT imitates the gold answers. Offline DPO and KTO share a fixed preference set: all the teacher's answers, judged once
 * by the campaign's oracle and paired by the campaign's rules; nothing in it depends on a policy.
 */
async function trainingData({ spec, context, initialPolicy, prompts, candidates }: BaselineInput): Promise<Prepared> {
	if (context.line === "sft") return { data: { loss: "sft", candidates }, count: candidates.count, seconds: 0 };
	const answers = await sampleAll("sampling", { ...context, policy: initialPolicy, prompts, purpose: "answers" });
	const judged = await runChild(judging, {
		workflowId: `${workflowInfo().workflowId}/judging`,
		args: [
			{
				context: { oracle: spec.oracle, iteration: context.iteration, line: context.line, stage: "rank" },
				spec: spec.judging,
				candidates: [answers.candidates],
				campaign: spec.id,
			},
		],
	});
	const { pairs, count, verdicts } = await bookkeeping().pairCandidates({
		...context,
		candidates: answers.candidates,
		verdicts: judged.verdicts,
		previous: [],
	});
	const loss = context.line === "offlineKto" ? "kto" : "dpo";
	return { data: { loss, pairs }, count, verdicts, seconds: answers.seconds + judged.seconds };
}
