import { setTimeout as sleep } from "node:timers/promises";
import proto from "@temporalio/proto";
import type { NativeConnection, WorkerOptions } from "@temporalio/worker";
import type { WorkflowBundle } from "../campaign/workflow-bundle.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** A version of a workspace's control workers, as the server knows it: a Worker Deployment Version of Temporal. */
export interface WorkerVersion {
	readonly deploymentName: string;
	readonly buildId: string;
}

/** Who polls a queue, and whose tasks new runs are. */
export interface QueueVersions {
	/** Absent as long as none was made current. */
	readonly current?: string;
	/** Build ids that a worker has polled for lately. */
	readonly polled: ReadonlySet<string>;
}

type Service = Pick<NativeConnection, "workflowService">["workflowService"];

/** gRPC's numbers. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const UNIMPLEMENTED = 12;

/** A poll ends after a minute, and the server remembers it for five. */
const POLL_SECONDS = 75;
/** From a worker's first poll until the server knows its version, and that it polls all queues that the current one polls. */
const REGISTERED_WITHIN_MS = 60_000;

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

/** The version of this process: its workflow code's, unless who deploys it gives it another one. */
export function versionOf({ id }: Workspace, bundle: WorkflowBundle, env = process.env): WorkerVersion {
	return { deploymentName: id, buildId: env.TEMPORAL_WORKER_BUILD_ID || bundle.version };
}

/** For a control worker: a workflow stays with the version that it began with. */
export function pinnedTo(version: WorkerVersion): NonNullable<WorkerOptions["workerDeploymentOptions"]> {
	return { useWorkerVersioning: true, version, defaultVersioningBehavior: "PINNED" };
}

/** Whether the server knows versions of workers, as it does from 1.29 on. */
export async function hasVersions(service: Service, namespace: string, { deploymentName }: WorkerVersion) {
	try {
		await service.describeWorkerDeployment({ namespace, deploymentName });
		return true;
	} catch (error) {
		const { code } = error as { code?: number };
		if (code === NOT_FOUND) return true;
		if ([INVALID_ARGUMENT, PERMISSION_DENIED, FAILED_PRECONDITION, UNIMPLEMENTED].includes(code!)) return false;
		throw error;
	}
}

/** Whether a version has been current before: then an older worker has only been started again. */
export async function wasCurrent(service: Service, namespace: string, version: WorkerVersion): Promise<boolean> {
	const { deploymentName, buildId } = version;
	const { workerDeploymentInfo } = await service
		.describeWorkerDeployment({ namespace, deploymentName })
		.catch((error) => {
			if (error.code === NOT_FOUND) return { workerDeploymentInfo: undefined };
			throw error;
		});
	const known = workerDeploymentInfo?.versionSummaries?.find((each) => each.deploymentVersion?.buildId === buildId);
	return known?.firstActivationTime != null;
}

/** Sends new runs to a version whose worker polls; waits until the server knows it. */
export async function makeCurrent(service: Service, namespace: string, version: WorkerVersion): Promise<void> {
	const end = Date.now() + REGISTERED_WITHIN_MS;
	for (;;) {
		try {
			await service.setWorkerDeploymentCurrentVersion({ namespace, ...version, identity: `${process.pid}@dno` });
			return;
		} catch (error) {
			// The queue of workflows is known before that of activities, without which the server declines.
			const isNotYet = [NOT_FOUND, FAILED_PRECONDITION].includes((error as { code?: number }).code!);
			if (!isNotYet || Date.now() > end) throw error;
			await sleep(100);
		}
	}
}

/** Asks for the versions that a queue of workflows has. */
export async function versionsOn(service: Service, namespace: string, queue: string): Promise<QueueVersions> {
	const { pollers, versioningInfo } = await service.describeTaskQueue({
		...{ namespace, taskQueue: { name: queue } },
		taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
	});
	const current = versioningInfo?.currentDeploymentVersion?.buildId;
	const since = Date.now() / 1000 - POLL_SECONDS;
	const lately = (pollers ?? []).filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) > since);
	return {
		...(current && { current }),
		polled: new Set(lately.flatMap(({ deploymentOptions }) => deploymentOptions?.buildId ?? [])),
	};
}
