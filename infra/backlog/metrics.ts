/** CloudWatch's namespace of ours, and the names in it. */
export const NAMESPACE = "Dno";
export const METRICS = {
	/** Steps that want a GPU host: under way, claimed or waiting. */
	gpuWanted: "GpuStepsWanted",
	/** Tasks in the shared GPU queue that nobody has taken. */
	gpuBacklog: "GpuBacklog",
	/** Hosts that poll the shared GPU queue. */
	gpuHosts: "GpuHosts",
	/** Calls and steps of judges: under way or waiting. */
	judgeWanted: "JudgeStepsWanted",
	/** Workers that poll the judges' queue. */
	judgeWorkers: "JudgeWorkers",
} as const;
export type MetricName = keyof typeof METRICS;

/**
 * One line of a function's log that CloudWatch turns into metrics (its embedded metric format): the function needs no right
 * to put metrics, and the counts are in the log, too.
 *
 * @param at milliseconds since 1970
 */
export function metricsLine(workspaceId: string, counts: Readonly<Record<MetricName, number>>, at: number): string {
	const names = Object.keys(METRICS) as MetricName[];
	const values = Object.fromEntries(names.map((name) => [METRICS[name], counts[name]]));
	const metrics = names.map((name) => ({ Name: METRICS[name], Unit: "Count" }));
	const directive = { Namespace: NAMESPACE, Dimensions: [["Workspace"]], Metrics: metrics };
	return JSON.stringify({
		_aws: { Timestamp: at, CloudWatchMetrics: [directive] },
		Workspace: workspaceId,
		...values,
	});
}
