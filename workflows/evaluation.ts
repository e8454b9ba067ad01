import { workflowInfo } from "@temporalio/workflow";
import type {
	CampaignSpec,
	CandidateSet,
	EvaluatedPolicy,
	EvaluationResult,
	PolicyRef,
	PromptSet,
	StepContext,
} from "../core/steps.ts";
import { bookkeeping } from "./control.ts";
import { listenForDrain, runChild } from "./drain.ts";
import { judging } from "./judging.ts";
import { sampleAll } from "./sampling.ts";

/** The initial policy's answers, which every later policy is compared with. */
export interface InitialAnswers {
	readonly heldOut: CandidateSet;
	readonly validation: CandidateSet;
}

export interface EvaluationInput {
	readonly spec: CampaignSpec;
	readonly context: StepContext;
	readonly policy: PolicyRef;
	/** Absent for the initial policy, which is then compared with itself. */
	readonly initial?: InitialAnswers;
}

export interface EvaluationOutput {
	readonly evaluated: EvaluatedPolicy;
	readonly answers: InitialAnswers;
}

/** Evaluates a policy on the held-out and the validation prompts, against the teacher and the initial policy. */
export async function evaluation({ spec, context, policy, initial }: EvaluationInput): Promise<EvaluationOutput> {
	const { line, iteration } = context;
	listenForDrain();
	let seconds = 0;
	const evaluate = async (
		split: "heldOut" | "validation",
		prompts: PromptSet,
	): Promise<{ readonly result: EvaluationResult; readonly candidates: CandidateSet }> => {
		const sampled = await sampleAll(`${split}-sampling`, { ...context, policy, prompts, purpose: "evaluation" });
		const { candidates } = sampled;
		const opponent = initial?.[split] ?? candidates;
		const judged = await runChild(judging, {
			workflowId: `${workflowInfo().workflowId}/${split}`,
			args: [
				{
					context: { oracle: spec.oracle, iteration, line, stage: "evaluate" },
					spec: spec.judging,
					candidates: [candidates, opponent],
					campaign: spec.id,
				},
			],
		});
		seconds += sampled.seconds + judged.seconds;
		const result = await bookkeeping().scoreEvaluation({
			...context,
			candidates,
			initial: opponent,
			verdicts: judged.verdicts,
		});
		return { result, candidates };
	};
	const heldOut = await evaluate("heldOut", spec.prompts.heldOut);
	const validation = await evaluate("validation", spec.prompts.validation);
	return {
		evaluated: {
			line,
			iteration,
			policy,
			heldOut: heldOut.result,
			validation: validation.result,
			seconds,
		},
		answers: { heldOut: heldOut.candidates, validation: validation.candidates },
	};
}
