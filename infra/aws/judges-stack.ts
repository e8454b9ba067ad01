import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CfnElement, CfnOutput, Duration, RemovalPolicy, Size, Stack, type StackProps } from "aws-cdk-lib";
import type { Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { SecurityGroup, Vpc } from "aws-cdk-lib/aws-ec2";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { ArnPrincipal, CompositePrincipal, Role } from "aws-cdk-lib/aws-iam";
import { type Function as Lambda, FileSystem as LambdaFiles } from "aws-cdk-lib/aws-lambda";
import type { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { accept, reasonOf, wildcard } from "./accept.ts";
import { addAlarm, alarmTopic } from "./alarms.ts";
import { externalIdOf, temporalEnvironment } from "./given.ts";
import { acceptJudgeStore, judgeStoreStatements, workspaceStatement } from "./grants.ts";
import { type Settings, WORKSPACE_PATH } from "./settings.ts";
import type { StorageStack } from "./storage-stack.ts";
import { WorkerFunction } from "./worker-function.ts";

interface JudgesProps extends StackProps {
	readonly settings: Settings;
	readonly vpc: Vpc;
	readonly workers: SecurityGroup;
	readonly storage: StorageStack;
	/** Folder of the handler's bundle. */
	readonly bundle: string;
}

/** Long enough that a start is paid for rarely, short enough that an upgrade is through in minutes. */
const TIMEOUT = Duration.minutes(10);

/** A rule's invocation that could not begin for so long is left out. */
const LATE = Duration.minutes(2);

/** Half a gigabyte is the least; an iteration's pairs lie there until they are whole, twice where earlier ones are replayed. */
const SCRATCH = Size.gibibytes(6);

/** Temporal Cloud's own roles that invoke workers; from the template that Temporal publishes for it. */
const TEMPORAL_CLOUD = ["902542641901", "160190466495", "819232936619", "829909441867", "354116250941"].map(
	(account) => `arn:aws:iam::${account}:role/wci-lambda-invoke`,
);

/** The judges' function, which polls all their queues, bookkeeping on them included, what may invoke it, and alarms. */
export class JudgesStack extends Stack {
	readonly judges: Lambda;
	/** Where all alarms of the deployment go. */
	readonly alarms: Topic;

	constructor(scope: Construct, id: string, props: JudgesProps) {
		super(scope, id, props);
		const { settings, storage, bundle } = props;
		const { buildId } = JSON.parse(readFileSync(join(bundle, "build.json"), "utf8")) as { readonly buildId: string };
		const deployment = `${settings.name}-judges`;
		const worker = new WorkerFunction(this, "Judges", {
			...props,
			description: `dno: judges of workspace ${settings.workspaceId}, build ${buildId}`,
			environment: {
				...temporalEnvironment(this, settings),
				DNO_WORKSPACE: WORKSPACE_PATH,
				DNO_DEPLOYMENT: deployment,
			},
			memory: settings.judgeMemory,
			timeout: TIMEOUT,
			concurrency: settings.judgeConcurrency,
			statements: [...judgeStoreStatements(storage), workspaceStatement(storage, "read")],
			more: {
				ephemeralStorageSize: SCRATCH,
				filesystem: LambdaFiles.fromEfsAccessPoint(storage.workspace, WORKSPACE_PATH),
				// Versions stay: the worker deployment versions that Temporal still has work for invoke them.
				currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN, description: buildId },
				// Lambda tries an invocation twice more by itself, or hours later; the rule's next one is there in ten minutes.
				...(settings.invocation === "schedule" && { retryAttempts: 0, maxEventAge: LATE }),
			},
		});
		acceptJudgeStore(worker, storage);
		this.judges = worker.lambda;
		const output = (name: string, option: string, value: string) =>
			new CfnOutput(this, name, { description: `--${option} of temporal worker deployment create-version`, value });
		output("DeploymentName", "deployment-name", deployment);
		output("BuildId", "build-id", buildId);
		output("FunctionVersionArn", "aws-lambda-function-arn", this.judges.currentVersion.functionArn);
		if (settings.invocation === "schedule") this.pollAlways(settings);
		else output("InvocationRoleArn", "aws-lambda-assume-role-arn", this.makeInvocationRole(settings).roleArn);
		this.alarms = alarmTopic(this, settings);
		this.addAlarms(settings);
	}

	private makeInvocationRole(settings: Settings): Role {
		const { temporalPrincipal } = settings;
		const principals = (temporalPrincipal ? [temporalPrincipal] : TEMPORAL_CLOUD).map((arn) => new ArnPrincipal(arn));
		const role = new Role(this, "Invocation", {
			description: "Assumed by the Temporal service to invoke the judges",
			assumedBy: new CompositePrincipal(...principals),
			// So that nobody else's Temporal namespace can be pointed at this role.
			externalIds: [externalIdOf(this, settings)],
		});
		role.addToPolicy(
			wildcard(
				"InvokeJudges",
				"any published version: work stays pinned to the version it began with, and the next one's number is not known yet",
				{
					actions: ["lambda:InvokeFunction", "lambda:GetFunction"],
					resources: [`${this.judges.functionArn}:*`],
				},
			),
		);
		const id = this.getLogicalId(this.judges.node.defaultChild as CfnElement);
		accept(role, { [`AwsSolutions-IAM5[Resource::<${id}.Arn>:*]`]: reasonOf("InvokeJudges")! });
		return role;
	}

	/**
	 * For Temporal services that invoke nobody: as one invocation's time is up, the next begins. One has room for all calls that the
	 * judges' `concurrency` allows.
	 */
	private pollAlways({ judgePollers }: Settings): void {
		const rule = new Rule(this, "Poll", { schedule: Schedule.rate(TIMEOUT) });
		for (let i = 0; i < judgePollers; i++)
			rule.addTarget(new LambdaFunction(this.judges, { retryAttempts: 0, maxEventAge: LATE }));
	}

	private addAlarms({ invocation }: Settings): void {
		const alarm = (name: string, metric: Metric, threshold: number, description: string) =>
			addAlarm(this, name, this.alarms, { metric, threshold, description });
		const period = Duration.minutes(5);
		// Temporal invokes again and again while work waits, a rule once in ten minutes.
		const failures = invocation === "schedule" ? 1 : 3;
		alarm("Errors", this.judges.metricErrors({ period }), failures, "Judges fail: judgments wait, none is lost");
		alarm("Throttles", this.judges.metricThrottles({ period }), 10, "Raise judgeConcurrency or the account's limit");
		// A worker ends by itself seconds before its time is up; one that reaches the end was cut off.
		const slowest = this.judges.metricDuration({ period, statistic: "Maximum" });
		alarm("CutOff", slowest, TIMEOUT.toMilliseconds() - 500, "Judges are cut off before they hand back");
	}
}
