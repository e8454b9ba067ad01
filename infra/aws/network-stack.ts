import { RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import {
	FlowLogDestination,
	FlowLogTrafficType,
	GatewayVpcEndpointAwsService,
	InterfaceVpcEndpointAwsService,
	IpAddresses,
	Peer,
	Port,
	SecurityGroup,
	SubnetType,
	Vpc,
} from "aws-cdk-lib/aws-ec2";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { Settings } from "./settings.ts";

/** What the workers talk to at AWS; their keys, images and logs do not cross the internet. */
const SERVICES = {
	SecretsManager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
	EcrApi: InterfaceVpcEndpointAwsService.ECR,
	EcrDocker: InterfaceVpcEndpointAwsService.ECR_DOCKER,
	Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
	AutoScaling: InterfaceVpcEndpointAwsService.AUTOSCALING,
} as const;

/** Two availability zones of private subnets, the endpoints of AWS's services, and a way out where one is needed. */
export class NetworkStack extends Stack {
	readonly vpc: Vpc;
	/** Of all workers: nothing reaches them, they poll. */
	readonly workers: SecurityGroup;

	constructor(scope: Construct, id: string, { settings, ...props }: StackProps & { readonly settings: Settings }) {
		super(scope, id, props);
		// Temporal Cloud's addresses and most judges are on the internet, which private subnets reach by a NAT gateway. With
		// PrivateLink to Temporal and judges inside AWS it is 33 dollars a month for nothing.
		const { natGateways } = settings;
		const workerSubnets = natGateways > 0 ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PRIVATE_ISOLATED;
		const gateways = { name: "gateways", subnetType: SubnetType.PUBLIC, cidrMask: 26, mapPublicIpOnLaunch: false };
		this.vpc = new Vpc(this, "Vpc", {
			ipAddresses: IpAddresses.cidr("10.42.0.0/16"),
			maxAzs: 2,
			natGateways,
			// Its custom resource may change any security group's rules; ours use none of the default one.
			restrictDefaultSecurityGroup: false,
			subnetConfiguration: [
				...(natGateways > 0 ? [gateways] : []),
				{ name: "workers", subnetType: workerSubnets, cidrMask: 20 },
			],
		});
		this.vpc.addFlowLog("FlowLog", {
			destination: FlowLogDestination.toCloudWatchLogs(
				new LogGroup(this, "FlowLogs", { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY }),
			),
			// Accepted traffic is gigabytes of polling; what was refused is what one looks for.
			trafficType: FlowLogTrafficType.REJECT,
		});
		this.workers = new SecurityGroup(this, "Workers", {
			vpc: this.vpc,
			description: "dno workers: they connect to others and are connected to by nobody",
			// Judges and a Temporal service of one's own may listen at any address and port.
			allowAllOutbound: true,
		});
		this.addEndpoints();
	}

	private addEndpoints(): void {
		this.vpc.addGatewayEndpoint("S3", { service: GatewayVpcEndpointAwsService.S3 });
		const group = new SecurityGroup(this, "Endpoints", {
			vpc: this.vpc,
			description: "Endpoints of AWS services, for the workers",
			allowAllOutbound: false,
		});
		group.addIngressRule(Peer.securityGroupId(this.workers.securityGroupId), Port.tcp(443), "TLS of the workers");
		// In one zone each: half the price, and where a zone fails with them, names resolve to the public addresses again
		// when they are taken away.
		const subnets = { subnets: this.vpc.selectSubnets({ subnetGroupName: "workers" }).subnets.slice(0, 1) };
		for (const [id, service] of Object.entries(SERVICES))
			this.vpc.addInterfaceEndpoint(id, { service, subnets, securityGroups: [group], open: false });
	}
}
