import { condition, getExternalWorkflowHandle, setHandler, workflowInfo } from "@temporalio/workflow";
import type { Pause } from "../core/pause.ts";
import { control } from "./control.ts";
import { listenForDrain } from "./drain.ts";
import { judgingPaused, resumeJudging } from "./messages.ts";

/** Chunks that pause together are resumed together; it is said once, when all have come to rest. */
export function createPauses(campaign: string | undefined) {
	let running = 0;
	let ended = 0;
	let resumes = 0;
	let paused: Promise<void> | undefined;
	const wake = () => {
		resumes++;
	};
	setHandler(resumeJudging, wake);
	// What a pause has left is not gone on with; the next run finds it.
	listenForDrain(wake);
	const pauseUntilResumed = async (pause: Pause): Promise<void> => {
		const seen = resumes;
		// At once: the campaign has to know whom to resume when somebody acts before the others are at rest.
		const { workflowId } = workflowInfo();
		if (campaign !== undefined) await getExternalWorkflowHandle(campaign).signal(judgingPaused, { workflowId, pause });
		await condition(() => running === 0 || resumes > seen);
		if (resumes === seen) await control.reportPause(pause);
		await condition(() => resumes > seen);
		paused = undefined;
	};
	return {
		async around<T>(work: () => Promise<T>): Promise<T> {
			await paused;
			running++;
			try {
				return await work();
			} finally {
				running--;
				ended++;
			}
		},
		async wait(pause: Pause): Promise<void> {
			// What the others have reserved is the most that they can cost: when one of them ends, there may be room.
			if (pause.kind === "ceiling" && running > 0) {
				const seen = ended;
				await condition(() => ended > seen);
				return;
			}
			paused ??= pauseUntilResumed(pause);
			await paused;
		},
	};
}
