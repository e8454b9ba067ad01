import { allHandlersFinished, condition, makeContinueAsNewFunc, workflowInfo } from "@temporalio/workflow";
import { NO_OPERATIONS } from "../core/operations.ts";
import { iterationsOf, specAt } from "../core/steering.ts";
import type { CampaignSpec, IterationRecord, PolicyRef } from "../core/steps.ts";
import type { CampaignInput, CampaignState } from "./campaign-state.ts";
import { bookkeeping, control, longControl } from "./control.ts";
import { createControls } from "./controls.ts";
import { runChild, step } from "./drain.ts";
import { evaluation } from "./evaluation.ts";
import { onGpuHost } from "./gpu-host.ts";
import { iteration } from "./iteration.ts";
import { publish } from "./search-attributes.ts";

/** How a campaign ended, for who runs it as a child. */
export interface CampaignResult {
	readonly finishedIterations: number;
	readonly stopped: boolean;
	/** The last policy that was promoted; absent where it was stopped before it had one. */
	readonly policy?: PolicyRef;
}

/**
 * A campaign: iteration after iteration, each in a run of its own, so that no history grows with the campaign's length.
 * Operators pause, stop, steer and approve it: controls.ts.
 */
export async function campaign(input: CampaignInput): Promise<CampaignResult> {
	const { spec, state, operations = NO_OPERATIONS } = input;
	const finished = state?.finishedIterations ?? 0;
	const t = state === undefined ? 0 : finished + 1;
	const controls = createControls(spec, finished, t, operations);
	const { standing } = controls;
	publish(spec, { campaign: spec.id, iteration: t, stage: "running" });

	const reached = await controls.interruptible(() =>
		state === undefined ? begin(spec) : iterate(specAt(spec, standing.amendments, t), state),
	);
	const steering = standing.amendments.map(({ from, set }) => ({ from, set }));
	const report = async (at: CampaignState, status: "running" | "finished" | "stopped") => {
		const iterations = at.records;
		const assembled = await bookkeeping().assembleReport({ spec, iterations, status, steering });
		const { winRate, spent } = await longControl.writeReport({ report: assembled, iterations });
		publish(spec, { stage: status, ...(winRate !== undefined && { winRate }), spend: spent });
	};
	const end = async (at: CampaignState | undefined, stopped: boolean): Promise<CampaignResult> => {
		const tell = controls.end(stopped ? "stopped" : "finished", at?.finishedIterations ?? 0);
		if (at !== undefined) await report(at, stopped ? "stopped" : "finished");
		tell();
		await condition(allHandlersFinished);
		const policy = at?.policies.dno;
		return { finishedIterations: at?.finishedIterations ?? 0, stopped, ...(policy && { policy }) };
	};

	if (reached === "stopped") return await end(state, true);
	let next = reached;
	const isLast = () => next.finishedIterations >= iterationsOf(spec, standing.amendments);
	if (state !== undefined && specAt(spec, standing.amendments, t).promotion === "approval") {
		await report(next, "running");
		const accepted = await controls.approval(t);
		if (accepted === "stopped") return await end(state, true);
		if (!accepted) next = { ...next, policies: { ...next.policies, dno: state.policies.dno! } };
	}
	// Steering that is being checked may ask for more iterations, and who has paused the last one is to find it so.
	await controls.atRest();
	if (isLast()) return await end(next, false);
	await report(next, "running");
	// What an operator asked for meanwhile is done before the next run begins, which knows nothing of it.
	const handled = async () => {
		await condition(allHandlersFinished);
		await step(async () => undefined);
	};
	if ((await controls.interruptible(handled)) === "stopped") return await end(next, true);
	// A run stays with the version of the workers that it began with; the next one takes the current one.
	const nextRun = makeContinueAsNewFunc<typeof campaign>({ initialVersioningBehavior: "AUTO_UPGRADE" });
	return await nextRun({ spec, state: next, operations: { ...standing } });
}

/** The initial policy π_1, made from scratch where the config asks for it, and its evaluation: iteration 0. */
async function begin(spec: CampaignSpec): Promise<CampaignState> {
	const context = { config: spec.config, iteration: 0, line: "dno" } as const;
	const initialPolicy = spec.initialPolicy ?? (await step(() => onGpuHost((host) => host.pretrainPolicy(context))));
	const { evaluated, answers } = await runChild(evaluation, {
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

async function iterate(spec: CampaignSpec, state: CampaignState): Promise<CampaignState> {
	const t = state.finishedIterations + 1;
	const { initialPolicy, initialAnswers, policies, pairs } = state;
	const done = await runChild(iteration, {
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
