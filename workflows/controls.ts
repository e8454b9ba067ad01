import {
	ApplicationFailure,
	allHandlersFinished,
	CancellationScope,
	condition,
	getExternalWorkflowHandle,
	isCancellation,
	setHandler,
} from "@temporalio/workflow";
import { REFUSED } from "../core/failure-types.ts";
import type { Standing } from "../core/operations.ts";
import type { Pause } from "../core/pause.ts";
import { type Amendment, iterationsOf } from "../core/steering.ts";
import type { CampaignSpec } from "../core/steps.ts";
import { control } from "./control.ts";
import { drainChildren, isDrained } from "./drain.ts";
import * as messages from "./messages.ts";

/** What operators want of a campaign, and what they are told. */
export interface Controls {
	/** What operators have changed so far; grows. */
	readonly standing: { amendments: readonly Amendment[]; approvals: Readonly<Record<string, boolean>> };
	/**
	 * Does work that a pause breaks off and resuming begins again: what it had finished is in the store.
	 *
	 * @returns the work's result; `stopped` where an operator ended the campaign
	 */
	interruptible<T>(work: () => Promise<T>): Promise<T | "stopped">;
	/** Whether a policy is promoted; waits for who decides, and while a pause holds. */
	approval(iteration: number): Promise<boolean | "stopped">;
	/** Waits until no pause holds and what operators asked for is done. */
	atRest(): Promise<void>;
	/**
	 * The campaign is ending, after so many iterations: operators can change nothing any more. Who watches is told so by what
	 * this returns, to be called once the report is written.
	 */
	end(as: "finished" | "stopped", finishedIterations: number): () => void;
}

/** Sets the handlers of a campaign's messages; `finished` iterations are done when the run begins. */
export function createControls(spec: CampaignSpec, finished: number, first: number, before: Standing): Controls {
	const standing = { amendments: before.amendments, approvals: before.approvals };
	const judgings = new Map<string, Pause>();
	let paused: Pause | undefined;
	let stopping: { readonly abandon: boolean } | undefined;
	let awaiting: number | undefined;
	let ending: "finished" | "stopped" | undefined;
	let ended: "finished" | "stopped" | undefined;
	let stage: messages.CampaignStatus["stage"];
	let scope: CancellationScope | undefined;

	const state = (): messages.CampaignStatus["state"] => {
		if (ended !== undefined) return ended;
		if (stopping !== undefined) return "stopping";
		if (paused !== undefined || judgings.size > 0) return "paused";
		return awaiting === undefined ? "running" : "awaiting approval";
	};
	const refuse = (why: string): never => {
		throw ApplicationFailure.nonRetryable(why, REFUSED);
	};
	const refuseAtEnd = (): void => {
		if (ending !== undefined || stopping !== undefined) refuse(`the campaign is ${ending ?? state()}`);
	};

	setHandler(messages.status, () => {
		const pause = paused ?? [...judgings.values()][0];
		return {
			finishedIterations: finished,
			iterations: iterationsOf(spec, standing.amendments),
			state: state(),
			iteration: first,
			...(stage && { stage }),
			...(pause && { paused: pause }),
			...(awaiting !== undefined && { awaiting }),
			steering: standing.amendments.map(({ from, set }) => ({ from, set })),
		};
	});
	setHandler(messages.stageReached, (reached) => {
		stage = reached;
	});
	setHandler(messages.judgingPaused, ({ workflowId, pause }) => {
		judgings.set(workflowId, pause);
	});
	setHandler(messages.resume, async () => {
		if (paused !== undefined) await control.recordOperation({ kind: "resume" });
		paused = undefined;
		const waiting = [...judgings.keys()];
		judgings.clear();
		// Those that a pause has broken off meanwhile are gone.
		for (const id of waiting)
			await getExternalWorkflowHandle(id)
				.signal(messages.resumeJudging)
				.catch(() => {});
	});
	setHandler(
		messages.pause,
		async ({ reason }) => {
			paused = { kind: "operator", reason };
			scope?.cancel();
			await control.recordOperation({ kind: "pause", reason });
		},
		{
			validator: (_) => {
				refuseAtEnd();
				if (paused !== undefined) refuse("the campaign is paused already");
			},
		},
	);
	setHandler(
		messages.stop,
		async ({ abandon }) => {
			stopping = { abandon };
			if (abandon) scope?.cancel();
			await control.recordOperation({ kind: "stop", abandon });
			if (!abandon) await drainChildren();
		},
		{
			validator: ({ abandon }) => {
				if (ending !== undefined || stopping?.abandon || (stopping && !abandon))
					refuse(`the campaign is ${ending ?? state()}`);
			},
		},
	);
	setHandler(
		messages.steer,
		async (set) => {
			const from = first + 1;
			const amended = await control.amendCampaign({ spec, amendments: standing.amendments, from, set });
			standing.amendments = [...standing.amendments, amended];
			return { from };
		},
		{
			validator: (set) => {
				refuseAtEnd();
				if (Object.keys(set).length === 0) refuse("there is nothing to change");
			},
		},
	);
	setHandler(
		messages.approve,
		async ({ accepted }) => {
			const iteration = awaiting!;
			await control.recordOperation({ kind: "approve", iteration, accepted });
			standing.approvals = { ...standing.approvals, [iteration]: accepted };
			return { iteration };
		},
		{
			validator: (_) => {
				if (awaiting === undefined) refuse("no policy awaits approval");
			},
		},
	);

	/** Waits while an operator's pause holds; says so once what was in hand is at rest. */
	const untilResumed = async (): Promise<void> => {
		while (paused !== undefined && stopping === undefined) {
			const current: Pause = paused;
			// Its process may end with the report, and whoever asked for the pause is to be answered before.
			await condition(allHandlersFinished);
			if (paused === current && stopping === undefined) await control.reportPause(current);
			await condition(() => paused !== current || stopping !== undefined);
		}
	};

	return {
		standing,
		async interruptible(work) {
			for (;;) {
				await untilResumed();
				if (stopping !== undefined) return "stopped";
				const own = CancellationScope.current();
				scope = new CancellationScope();
				try {
					return await scope.run(work);
				} catch (error) {
					// Of an operator, even where the pause is over before the children have come to rest.
					const isBrokenOff = isCancellation(error) && scope.consideredCancelled && !own.consideredCancelled;
					if (!isBrokenOff && !(stopping !== undefined && isDrained(error))) throw error;
					// Their judgings were broken off with them.
					judgings.clear();
				} finally {
					scope = undefined;
				}
			}
		},
		async approval(iteration) {
			const isOver = () => standing.approvals[iteration] !== undefined || stopping !== undefined;
			while (!isOver()) {
				awaiting = iteration;
				await untilResumed();
				if (isOver()) break;
				await control.reportApproval({ iteration });
				await condition(() => isOver() || paused !== undefined);
			}
			awaiting = undefined;
			return standing.approvals[iteration] ?? "stopped";
		},
		async atRest() {
			do {
				await untilResumed();
				await condition(allHandlersFinished);
			} while (paused !== undefined && stopping === undefined);
		},
		end(as, finishedIterations) {
			ending = as;
			finished = finishedIterations;
			return () => {
				ended = as;
			};
		},
	};
}
