import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import type { SecurityGroup, Vpc } from "aws-cdk-lib/aws-ec2";
import {
	Cluster,
	type ContainerDefinition,
	ContainerDependencyCondition,
	ContainerImage,
	ContainerInsights,
	CpuArchitecture,
	Secret as EcsSecret,
	FargateService,
	FargateTaskDefinition,
	LogDrivers,
} from "aws-cdk-lib/aws-ecs";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { accept } from "./accept.ts";
import { temporalEnvironment } from "./given.ts";
import {
	acceptStore,
	imageStatements,
	logStatement,
	secretStatements,
	storeStatements,
	workspaceStatement,
} from "./grants.ts";
import { type Settings, STORE_PREFIX, WORKSPACE_PATH } from "./settings.ts";
import type { StorageStack } from "./storage-stack.ts";

interface ControlProps extends StackProps {
	readonly settings: Settings;
	readonly vpc: Vpc;
	readonly workers: SecurityGroup;
	readonly storage: StorageStack;
}

/** Workflows and bookkeeping: one small task that is always there, since campaigns and schedules need it at any time. */
export class ControlStack extends Stack {
	readonly service: FargateService;

	constructor(scope: Construct, id: string, props: ControlProps) {
		super(scope, id, props);
		const { settings, vpc, workers, storage } = props;
		const logs = new LogGroup(this, "Logs", {
			retention: RetentionDays.ONE_MONTH,
			removalPolicy: RemovalPolicy.DESTROY,
		});
		const principal = new ServicePrincipal("ecs-tasks.amazonaws.com");
		const execution = new Role(this, "Execution", { assumedBy: principal, description: "Pulls the image, reads keys" });
		for (const each of [...imageStatements(storage.images.worker), ...secretStatements(storage), logStatement(logs)])
			execution.addToPolicy(each);
		accept(execution, { "AwsSolutions-IAM5[Resource::*]": "RegistryToken: the registry's token is the account's" });
		const role = new Role(this, "Task", { assumedBy: principal, description: "The control worker" });
		const own = [...storeStatements(storage), workspaceStatement(storage, "write")];
		for (const each of own) role.addToPolicy(each);
		acceptStore(role, storage);

		const task = new FargateTaskDefinition(this, "Definition", {
			cpu: 1024,
			memoryLimitMiB: 2048,
			runtimePlatform: { cpuArchitecture: CpuArchitecture.X86_64 },
			executionRole: execution.withoutPolicyUpdates(),
			taskRole: role.withoutPolicyUpdates(),
		});
		task.addVolume({
			name: "workspace",
			efsVolumeConfiguration: {
				fileSystemId: storage.files.fileSystemId,
				transitEncryption: "ENABLED",
				authorizationConfig: { accessPointId: storage.workspace.accessPointId, iam: "ENABLED" },
			},
		});
		// By its ARN: of the secret itself CDK would let the role into the key's policy, and make the stacks wait for each other.
		const keys = Secret.fromSecretCompleteArn(this, "Keys", storage.secret.secretArn);
		const shared = {
			image: ContainerImage.fromEcrRepository(storage.images.worker, settings.imageTag),
			logging: LogDrivers.awsLogs({ streamPrefix: "control", logGroup: logs }),
		};
		const workspace = task.addContainer("workspace", {
			...shared,
			essential: false,
			...prepareWorkspace(settings, storage),
		});
		const control = task.addContainer("control", {
			...shared,
			command: ["worker", "control", "--workspace", WORKSPACE_PATH],
			// Of the 20 GiB that Fargate gives a task, the image has some.
			environment: { ...temporalEnvironment(this, settings), DNO_STORE_CACHE_GB: "8" },
			secrets: Object.fromEntries(settings.controlKeys.map((name) => [name, EcsSecret.fromSecretsManager(keys, name)])),
			// ECS does not look at the image's own.
			healthCheck: {
				command: ["CMD", "node", "/app/cli/main.js", "worker", "health", "--workspace", WORKSPACE_PATH],
				interval: Duration.seconds(30),
				timeout: Duration.seconds(20),
				startPeriod: Duration.seconds(60),
				retries: 3,
			},
			// SIGTERM hands back what is under way, which takes up to 25 seconds.
			stopTimeout: Duration.seconds(60),
		});
		control.addContainerDependencies({ container: workspace, condition: ContainerDependencyCondition.SUCCESS });
		for (const container of [workspace, control]) mount(container);
		accept(task, {
			"AwsSolutions-ECS2": "an address, a namespace and a path; keys come from Secrets Manager",
		});

		const cluster = new Cluster(this, "Cluster", { vpc, containerInsightsV2: ContainerInsights.DISABLED });
		accept(cluster, {
			"AwsSolutions-ECS4":
				"one task, whose processor and memory the service's own metrics have; insights cost by the metric",
		});
		this.service = new FargateService(this, "Service", {
			cluster,
			taskDefinition: task,
			desiredCount: 1,
			// An upgrade starts the new worker beside the old one, which ends when it has handed back.
			minHealthyPercent: 100,
			maxHealthyPercent: 200,
			circuitBreaker: { rollback: true },
			vpcSubnets: { subnetGroupName: "workers" },
			securityGroups: [workers],
			assignPublicIp: false,
		});
		this.service.node.addDependency(execution, role);
		const subnets = vpc.selectSubnets({ subnetGroupName: "workers" }).subnetIds.join(",");
		new CfnOutput(this, "TaskDefinition", { description: "Of aws ecs run-task", value: task.taskDefinitionArn });
		new CfnOutput(this, "ClusterName", { value: cluster.clusterName });
		new CfnOutput(this, "Subnets", { value: subnets });
		new CfnOutput(this, "LogGroup", {
			description: "Of the service and of aws ecs run-task",
			value: logs.logGroupName,
		});
		new CfnOutput(this, "SecurityGroup", { value: workers.securityGroupId });
	}
}

function mount(container: ContainerDefinition): void {
	container.addMountPoints({ sourceVolume: "workspace", containerPath: WORKSPACE_PATH, readOnly: false });
}

/**
 * A workspace gets a random id unless it has one, and a store beside it unless it names one; scaling goes by queues that are
 * named after the id. The image's campaigns that it does not have come along, for workers that have another image or none.
 */
function prepareWorkspace({ workspaceId }: Settings, { bucket }: StorageStack) {
	const file = `${WORKSPACE_PATH}/workspace.json`;
	const campaigns = `${WORKSPACE_PATH}/campaigns`;
	const json = JSON.stringify({
		schemaVersion: 1,
		id: workspaceId,
		store: `s3://${bucket.bucketName}/${STORE_PREFIX}`,
	});
	const script = [
		"set -e",
		`test -e ${file} || { printf '%s\\n' '${json}' > ${file}.new && mv ${file}.new ${file}; }`,
		// What is there stays, since campaigns that run read it; what is not comes whole, also where two tasks bring it at once.
		`mkdir -p ${campaigns}`,
		`new=$(mktemp -d ${campaigns}/.new-XXXXXX)`,
		"for each in /app/campaigns/*; do",
		`  name=\${each##*/}`,
		`  test -e "$each" && ! test -e "${campaigns}/$name" || continue`,
		`  cp -R "$each" "$new/$name"`,
		`  mv -T "$new/$name" "${campaigns}/$name" || test -e "${campaigns}/$name"`,
		"done",
		'rm -rf "$new"',
	].join("\n");
	return { entryPoint: ["/bin/sh", "-c"], command: [script] };
}
