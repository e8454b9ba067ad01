import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import { Dashboard, GraphWidget, type IMetric, Metric, TextWidget } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { backlogMetric } from "./backlog-stack.ts";
import type { ControlStack } from "./control-stack.ts";
import { hostsOf } from "./gpu-scaling.ts";
import type { GpuStack } from "./gpu-stack.ts";
import type { JudgesStack } from "./judges-stack.ts";
import type { Settings } from "./settings.ts";
import type { StorageStack } from "./storage-stack.ts";

interface DashboardProps extends StackProps {
	readonly settings: Settings;
	readonly judges: JudgesStack;
	readonly gpu: GpuStack;
	readonly control: ControlStack;
	readonly storage: StorageStack;
}

/** One page: what waits, who works, what fails. Campaigns themselves are seen by `dno status` and their reports. */
export class DashboardStack extends Stack {
	constructor(scope: Construct, id: string, { settings, judges, gpu, control, storage, ...props }: DashboardProps) {
		super(scope, id, props);
		const lambda = judges.judges;
		const graph = (title: string, left: IMetric[]) =>
			new GraphWidget({ title, left, width: 12, leftYAxis: { min: 0 } });
		new Dashboard(this, "Dashboard", {
			dashboardName: settings.name,
			widgets: [
				[new TextWidget({ markdown: `# ${settings.name}: workspace ${settings.workspaceId}`, width: 24, height: 1 })],
				[
					graph("GPU: steps that want a host, and hosts", [
						backlogMetric(settings, "gpuWanted"),
						hostsOf(gpu.groups.spot).with({ label: "spot hosts" }),
						hostsOf(gpu.groups.onDemand).with({ label: "on-demand hosts" }),
						backlogMetric(settings, "gpuHosts").with({ label: "hosts that poll" }),
					]),
					graph("Judges: calls and steps under way or waiting", [backlogMetric(settings, "judgeWanted")]),
				],
				[
					graph("Judges: invocations under way, workers that poll", [
						lambda.metric("ConcurrentExecutions", { statistic: "Maximum" }),
						backlogMetric(settings, "judgeWorkers"),
					]),
					graph("Judges: errors and throttles", [lambda.metricErrors(), lambda.metricThrottles()]),
				],
				[
					graph("Control worker: processor and memory, %", [
						control.service.metricCpuUtilization(),
						control.service.metricMemoryUtilization(),
					]),
					graph("Workspace's files: bytes a minute", [filesMetric(storage)]),
				],
			],
		});
	}
}

function filesMetric({ files }: StorageStack): Metric {
	return new Metric({
		namespace: "AWS/EFS",
		metricName: "TotalIOBytes",
		dimensionsMap: { FileSystemId: files.fileSystemId },
		statistic: "Sum",
		period: Duration.minutes(1),
	});
}
