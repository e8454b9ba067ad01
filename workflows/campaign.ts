import { continueAsNew, executeChild, getExternalWorkflowHandle, setHandler, workflowInfo } from "@temporalio/workflow";
import type { Pause } from "../core/pause.ts";
import type { IterationRecord } from "../core/steps.ts";
import type { CampaignInput, CampaignState } from "./campaign-state.ts";
import { control } from "./control.ts";
import { evaluation } from "./evaluation.ts";
import { onGpuHost } from "./gpu-host.ts";
import { iteration } from "./iteration.ts";
import * as messages from "./messages.ts";

/**
 * A campaign: iteration after iteration, each in a run of its own, so that no history grows with the campaign's length.
 */
export async function campaign({ spec, state }: CampaignInput): Promise<void> {
	const finishedIterations = state?.finishedIterations ?? 0;
	const paused = new Map<string, Pause>();
	setHandler(messages.status, () => {
		const [pause] = paused.values();
		return { finishedIterations, iterations: spec.iterations, ...(pause && { paused: pause }) };
	});
	setHandler(messages.judgingPaused, ({ workflowId, pause }) => {
		paused.set(workflowId, pause);
	});
	setHandler(messages.resume, async () => {
		const waiting = [...paused.keys()];
		paused.clear();
		for (const workflowId of waiting) await getExternalWorkflowHandle(workflowId).signal(messages.resumeJudging);
	});

	const next = state === undefined ? await begin(spec) : await iterate(spec, state);
	const isFinished = next.finishedIterations === spec.iterations;
	await control.writeReport({ spec, iterations: next.records, status: isFinished ? "finished" : "running" });
	if (!isFinished) await continueAsNew<typeof campaign>({ spec, state: next });
}

/** The initial policy π_1, made from scratch where the config asks for it, and its evaluation: iteration 0. */
async function begin(spec: CampaignInput["spec"]): Promise<CampaignState> {
	const context = { config: spec.config, iteration: 0, line: "dno" } as const;
	const initialPolicy = spec.initialPolicy ?? (await onGpuHost((host) => host.pretrainPolicy(context)));
	const { evaluated, answers } = await executeChild(evaluation, {
		workflowId: childId("initial"),
		args: [{ spec, context, policy: initialPolicy }],
	});
	const record: IterationRecord = {
		iteration: 0,
		reference: initialPolicy,
		evaluated: [evaluated],
		offlineVerdicts: {},
		curves: {},
		seconds: { sample: 0, judge: 0, train: 0, evaluate: evaluated.seconds, baselines: 0 },
	};
	const lines = ["dno", ...spec.baselines] as const;
	return {
		finishedIterations: 0,
		initialPolicy,
		initialAnswers: answers,
		policies: Object.fromEntries(lines.map((line) => [line, initialPolicy])),
		records: [await control.recordIteration(record)],
		pairs: [],
	};
}

async function iterate(spec: CampaignInput["spec"], state: CampaignState): Promise<CampaignState> {
	const t = state.finishedIterations + 1;
	const { initialPolicy, initialAnswers, policies, pairs } = state;
	const done = await executeChild(iteration, {
		workflowId: childId(`iteration-${t}`),
		args: [{ spec, iteration: t, initialPolicy, initialAnswers, policies, previousPairs: pairs }],
	});
	return {
		...state,
		finishedIterations: t,
		policies: done.policies,
		records: [...state.records, done.record],
		pairs: [done.freshPairs, ...pairs].slice(0, spec.replay),
	};
}

/**
 * Names a child after the run that the campaign began with, which continue-as-new keeps: the children of a campaign that was
 * terminated and begun again may still hold their own names for a moment.
 */
function childId(name: string): string {
	const { workflowId, firstExecutionRunId } = workflowInfo();
	return `${workflowId}/${firstExecutionRunId}/${name}`;
}
