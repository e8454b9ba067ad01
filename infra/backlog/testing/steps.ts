/* Workflows of count-work.test.ts: each waits for one activity, as a campaign's workflows do. */
import { proxyActivities, workflowInfo } from "@temporalio/workflow";
import { queuesBeside } from "../../../core/task-queues.ts";

interface Steps {
	claimHost(): Promise<void>;
	judgeCall(): Promise<void>;
}

export async function wantsHost(): Promise<void> {
	const { gpu: taskQueue } = queuesBeside(workflowInfo().taskQueue);
	await proxyActivities<Steps>({ taskQueue, startToCloseTimeout: "1 minute" }).claimHost();
}

export async function wantsJudge(): Promise<void> {
	const { judge: taskQueue } = queuesBeside(workflowInfo().taskQueue);
	await proxyActivities<Steps>({ taskQueue, startToCloseTimeout: "1 minute" }).judgeCall();
}
