/** Task queues of DESIGN.md; every GPU host has one more of its own, handed out on the `gpu` queue. */
export interface TaskQueues {
	/** Workflows and cheap activities. */
	readonly control: string;
	readonly judge: string;
	readonly gpu: string;
}

const CONTROL = "-control";

/** The queues of workers that share one store: campaigns with stores of their own must not take each other's steps. */
export function taskQueues(prefix: string): TaskQueues {
	return { control: `${prefix}${CONTROL}`, judge: `${prefix}-judge`, gpu: `${prefix}-gpu` };
}

/** The queues beside a workflow's own, which is the control queue. */
export function queuesBeside(control: string): TaskQueues {
	return taskQueues(control.slice(0, -CONTROL.length));
}

/** The queue of one judge's calls, with a rate limit of its own: what a judge may be asked holds across all workers. */
export function judgeQueue(queues: TaskQueues, judge: string): string {
	return `${queues.judge}-${encodeURIComponent(judge)}`;
}
