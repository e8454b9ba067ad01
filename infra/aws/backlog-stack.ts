import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import { MathExpression, Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { SecurityGroup, Vpc } from "aws-cdk-lib/aws-ec2";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { LoggingFormat } from "aws-cdk-lib/aws-lambda";
import type { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { METRICS, type MetricName, NAMESPACE } from "../backlog/metrics.ts";
import { addAlarm } from "./alarms.ts";
import { temporalEnvironment } from "./given.ts";
import type { Settings } from "./settings.ts";
import type { StorageStack } from "./storage-stack.ts";
import { WorkerFunction } from "./worker-function.ts";

interface BacklogProps extends StackProps {
	readonly settings: Settings;
	readonly vpc: Vpc;
	readonly workers: SecurityGroup;
	readonly storage: StorageStack;
	/** Folder of the bundle of infra/backlog/handler.ts. */
	readonly bundle: string;
	readonly alarms: Topic;
}

/** Minutes for which work may wait without anybody: longer than an instance takes on the spot market and then on demand. */
const ALONE = 30;

/** Asks Temporal every minute what waits, and tells CloudWatch. */
export class BacklogStack extends Stack {
	constructor(scope: Construct, id: string, props: BacklogProps) {
		super(scope, id, props);
		const { settings } = props;
		const worker = new WorkerFunction(this, "Backlog", {
			...props,
			description: "dno: what waits in the task queues, as CloudWatch metrics",
			memory: 256,
			timeout: Duration.seconds(50),
			// A minute's must not pile up on the last one's.
			concurrency: 1,
			environment: {
				...temporalEnvironment(this, settings),
				DNO_WORKSPACE_ID: settings.workspaceId,
			},
			statements: [],
			more: {
				// CloudWatch takes metrics out of lines as the function writes them.
				loggingFormat: LoggingFormat.TEXT,
				// The next minute asks again; a count that is tried later is one of the past.
				retryAttempts: 0,
				maxEventAge: Duration.minutes(1),
			},
		});
		addAlarm(this, "Errors", props.alarms, {
			metric: worker.lambda.metricErrors({ period: Duration.minutes(5) }),
			threshold: 3,
			description: "What waits cannot be asked: GPU hosts neither come nor go",
		});
		const alone = (id: string, wanted: MetricName, workers: MetricName, description: string) =>
			addAlarm(this, id, props.alarms, {
				metric: new MathExpression({
					label: "work waits, and nobody polls",
					expression: "IF(wanted > 0 AND workers < 1, 1, 0)",
					usingMetrics: { wanted: backlogMetric(settings, wanted), workers: backlogMetric(settings, workers) },
					period: Duration.minutes(1),
				}),
				threshold: 1,
				periods: { of: ALONE, breaching: ALONE },
				description,
			});
		alone(
			"NoGpuHost",
			"gpuWanted",
			"gpuHosts",
			"Steps wait for a GPU host and none comes: quota, capacity, or its worker",
		);
		alone(
			"NoJudges",
			"judgeWanted",
			"judgeWorkers",
			"Judgments wait and no judge polls: is its version current, may Temporal invoke it?",
		);
		new Rule(this, "EveryMinute", {
			schedule: Schedule.rate(Duration.minutes(1)),
			targets: [new LambdaFunction(worker.lambda, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
		});
	}
}

/** One of this deployment's metrics. */
export function backlogMetric({ workspaceId }: Settings, name: MetricName): Metric {
	return new Metric({
		namespace: NAMESPACE,
		metricName: METRICS[name],
		dimensionsMap: { Workspace: workspaceId },
		statistic: "Maximum",
		period: Duration.minutes(1),
	});
}
