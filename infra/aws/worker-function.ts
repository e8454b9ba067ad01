import { type Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { SecurityGroup, type Vpc } from "aws-cdk-lib/aws-ec2";
import { type PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
	Architecture,
	Code,
	type FunctionProps,
	Function as Lambda,
	LoggingFormat,
	Runtime,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { accept } from "./accept.ts";
import { interfaceStatement, logStatement, secretStatements } from "./grants.ts";
import type { StorageStack } from "./storage-stack.ts";

interface WorkerFunctionProps {
	/** Folder of the bundle, whose index.mjs or index.js exports `handler`. */
	readonly bundle: string;
	readonly description: string;
	readonly vpc: Vpc;
	readonly workers: SecurityGroup;
	readonly storage: StorageStack;
	readonly environment: { [name: string]: string };
	readonly memory: number;
	readonly timeout: Duration;
	readonly statements: readonly PolicyStatement[];
	/** Invocations at a time; what the account has left without it. */
	readonly concurrency?: number;
	readonly more?: Partial<FunctionProps>;
}

/** A function in the private subnets with a role and a log of its own, that reads the deployment's keys when it starts. */
export class WorkerFunction extends Construct {
	readonly lambda: Lambda;
	readonly logs: LogGroup;

	constructor(scope: Construct, id: string, props: WorkerFunctionProps) {
		super(scope, id);
		const { vpc, workers, storage } = props;
		this.logs = new LogGroup(this, "Logs", {
			retention: RetentionDays.ONE_MONTH,
			removalPolicy: RemovalPolicy.DESTROY,
		});
		const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
		const own = [...secretStatements(storage), logStatement(this.logs), interfaceStatement(Stack.of(this))];
		for (const statement of [...own, ...props.statements]) role.addToPolicy(statement);
		this.lambda = new Lambda(this, "Function", {
			runtime: Runtime.NODEJS_24_X,
			architecture: Architecture.X86_64,
			handler: "index.handler",
			code: Code.fromAsset(props.bundle),
			description: props.description,
			memorySize: props.memory,
			timeout: props.timeout,
			environment: { DNO_SECRET_ID: storage.secret.secretArn, ...props.environment },
			// Without it, CDK's own role would be the managed policy's, which may write every log of the account.
			role: role.withoutPolicyUpdates(),
			vpc,
			vpcSubnets: { subnetGroupName: "workers" },
			// As it is: CDK would add a rule to it for the file system, and so make the stacks wait for each other.
			securityGroups: [SecurityGroup.fromSecurityGroupId(this, "Group", workers.securityGroupId, { mutable: false })],
			logGroup: this.logs,
			loggingFormat: LoggingFormat.JSON,
			...(props.concurrency !== undefined && { reservedConcurrentExecutions: props.concurrency }),
			...props.more,
		});
		// The role's policy has to be there before the function asks for its network interfaces.
		this.lambda.node.addDependency(role);
		accept(role, {
			"AwsSolutions-IAM5[Resource::*]": "NetworkInterfacesOfLambda: Lambda checks these actions against * alone",
		});
	}
}
