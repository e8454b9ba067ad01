import { Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import {
	AutoScalingGroup,
	BlockDeviceVolume,
	DefaultResult,
	EbsDeviceVolumeType,
	GroupMetrics,
	LifecycleTransition,
	OnDemandAllocationStrategy,
	SpotAllocationStrategy,
	TerminationPolicy,
} from "aws-cdk-lib/aws-autoscaling";
import {
	InstanceInitiatedShutdownBehavior,
	InstanceType,
	LaunchTemplate,
	MachineImage,
	OperatingSystemType,
	type SecurityGroup,
	UserData,
	type Vpc,
} from "aws-cdk-lib/aws-ec2";
import { InstanceProfile, type PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { accept, wildcard } from "./accept.ts";
import { temporalEnvironment } from "./given.ts";
import { scaleByWant, tellOfIdleHosts } from "./gpu-scaling.ts";
import { gpuUserData } from "./gpu-user-data.ts";
import {
	acceptStore,
	imageStatements,
	logStatement,
	secretStatements,
	storeStatements,
	workspaceStatement,
} from "./grants.ts";
import type { Settings } from "./settings.ts";
import type { StorageStack } from "./storage-stack.ts";

interface GpuProps extends StackProps {
	readonly settings: Settings;
	readonly vpc: Vpc;
	readonly workers: SecurityGroup;
	readonly storage: StorageStack;
	readonly alarms: Topic;
}

/** Amazon Linux with NVIDIA's driver and container toolkit; resolved when it is deployed. */
const IMAGE = "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id";
const HOOK = "drain";

/**
 * Hosts that sample and train, none of them while nothing wants one. A mixed instances policy falls back from one kind of
 * instance to another but never from spot to on demand, so there are two groups, and the second one begins when the first has
 * not brought what is wanted for ten minutes.
 */
export class GpuStack extends Stack {
	readonly groups: { readonly spot: AutoScalingGroup; readonly onDemand: AutoScalingGroup };
	private readonly role: Role;
	private readonly logs: LogGroup;

	constructor(scope: Construct, id: string, props: GpuProps) {
		super(scope, id, props);
		this.logs = new LogGroup(this, "Logs", {
			retention: RetentionDays.ONE_MONTH,
			removalPolicy: RemovalPolicy.DESTROY,
		});
		this.role = this.makeRole(props);
		const environment = temporalEnvironment(this, props.settings);
		const spot = this.addGroup("Spot", "spot", props, environment);
		const onDemand = this.addGroup("OnDemand", "on-demand", props, environment);
		this.groups = { spot, onDemand };
		scaleByWant(this, props.settings, this.groups);
		tellOfIdleHosts(this, props.settings, this.groups, props.alarms);
	}

	private makeRole({ storage, settings }: GpuProps): Role {
		const role = new Role(this, "Role", {
			assumedBy: new ServicePrincipal("ec2.amazonaws.com"),
			description: "A GPU host",
		});
		const groups = ["spot", "on-demand"].map(
			(kind) =>
				`arn:${this.partition}:autoscaling:${this.region}:${this.account}:autoScalingGroup:*:autoScalingGroupName/${groupName(settings, kind)}`,
		);
		const statements: PolicyStatement[] = [
			...imageStatements(storage.images.gpu),
			...secretStatements(storage),
			...storeStatements(storage),
			workspaceStatement(storage, "write"),
			logStatement(this.logs),
			wildcard("GiveUpHosts", "a group's ARN has a random part, and the group cannot come before its hosts' role", {
				// To say that a host is drained, and that it is of no use.
				actions: ["autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceHealth"],
				resources: groups,
			}),
		];
		for (const each of statements) role.addToPolicy(each);
		acceptStore(role, storage);
		accept(role, {
			"AwsSolutions-IAM5[Resource::*]": "RegistryToken: the registry's token is the account's",
			...Object.fromEntries(
				["spot", "on-demand"].map((kind) => [
					`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/${groupName(settings, kind)}]`,
					"GiveUpHosts: a group's ARN has a random part",
				]),
			),
		});
		return role;
	}

	private addGroup(
		id: string,
		kind: "spot" | "on-demand",
		{ settings, vpc, workers, storage }: GpuProps,
		environment: { readonly [name: string]: string },
	): AutoScalingGroup {
		const autoScalingGroupName = groupName(settings, kind);
		const data = UserData.forLinux();
		data.addCommands(
			...gpuUserData({
				region: this.region,
				image: storage.images.gpu.repositoryUriForTag(settings.imageTag),
				registry: `${storage.images.gpu.repositoryUri.split("/")[0]}`,
				fileSystem: storage.files.fileSystemId,
				accessPoint: storage.workspace.accessPointId,
				secret: storage.secret.secretArn,
				logGroup: this.logs.logGroupName,
				group: autoScalingGroupName,
				hook: HOOK,
				environment,
			}),
		);
		const launchTemplate = new LaunchTemplate(this, `${id}Template`, {
			machineImage: MachineImage.fromSsmParameter(IMAGE, { os: OperatingSystemType.LINUX }),
			userData: data,
			securityGroup: workers,
			instanceProfile: new InstanceProfile(this, `${id}Profile`, { role: this.role }),
			// By a host that cannot be made ready: stopped, its disk would go on costing until the group has noticed.
			instanceInitiatedShutdownBehavior: InstanceInitiatedShutdownBehavior.TERMINATE,
			requireImdsv2: true,
			// The container is on the host's network, so nothing further away than the host has to ask.
			httpPutResponseHopLimit: 1,
			detailedMonitoring: true,
			blockDevices: [
				{
					deviceName: "/dev/xvda",
					// The image, and the models that sampling has loaded: 70 billion parameters are 140 GB.
					volume: BlockDeviceVolume.ebs(300, {
						volumeType: EbsDeviceVolumeType.GP3,
						encrypted: true,
						deleteOnTermination: true,
					}) as never,
				},
			],
		});
		const group = new AutoScalingGroup(this, id, {
			autoScalingGroupName,
			vpc,
			vpcSubnets: { subnetGroupName: "workers" },
			minCapacity: 0,
			maxCapacity: settings.gpuMax,
			mixedInstancesPolicy: {
				launchTemplate,
				launchTemplateOverrides: settings.gpuInstances.map((type) => ({ instanceType: new InstanceType(type) })),
				instancesDistribution: {
					onDemandPercentageAboveBaseCapacity: kind === "spot" ? 0 : 100,
					onDemandAllocationStrategy: OnDemandAllocationStrategy.PRIORITIZED,
					spotAllocationStrategy: SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
				},
			},
			// The next host is asked for when AWS sees an interruption coming, not when it has come.
			...(kind === "spot" && { capacityRebalance: true }),
			// Steps go back to the host that has the model loaded, so the newest is likeliest to be idle.
			terminationPolicies: [TerminationPolicy.NEWEST_INSTANCE],
			groupMetrics: [GroupMetrics.all()],
		});
		group.addLifecycleHook("Drain", {
			lifecycleHookName: HOOK,
			lifecycleTransition: LifecycleTransition.INSTANCE_TERMINATING,
			heartbeatTimeout: Duration.minutes(5),
			defaultResult: DefaultResult.CONTINUE,
		});
		accept(group, {
			"AwsSolutions-EC26": "the rule cannot read a mixed instances policy; the template's volume is encrypted",
			"AwsSolutions-AS3": "going to zero and back is every night's business; the dashboard shows it",
		});
		return group;
	}
}

function groupName({ name }: Settings, kind: "spot" | "on-demand" | string): string {
	return `${name}-gpu-${kind}`;
}
