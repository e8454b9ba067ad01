import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Stack, Validations } from "aws-cdk-lib";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { METRICS, type MetricName } from "../backlog/metrics.ts";
import { reasonOf } from "./accept.ts";
import { type Resource, type Synthesized, synthesize, type Template } from "./testing/synthesize.ts";

// Importing aws-cdk-lib and synthesizing take seconds, so all tests look at the same two deployments.
const CLOUD = {
	temporalAddress: "eu.example.tmprl.cloud:7233",
	temporalNamespace: "research.a1b2c",
	externalId: "an-external-id",
	alarmEmail: "oncall@example.com",
	gpuMax: "8",
	controlKeys: "TEMPORAL_API_KEY,OPENAI_API_KEY",
	judgeMemory: "2048",
};
const OWN = {
	name: "nightly",
	invocation: "schedule",
	judgePollers: "2",
	natGateways: "0",
	controlKeys: "none",
};

let cloud: Synthesized;
let own: Synthesized;
/** In every variable of who deploys that may hold a key. */
const PLANTED = "sk-planted-4f1c2d7e9b";
beforeAll(() => {
	for (const name of ["TEMPORAL_API_KEY", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "DNO_PAYLOAD_KEY"])
		vi.stubEnv(name, PLANTED);
	cloud = synthesize(CLOUD);
	own = synthesize(OWN);
});
afterAll(() => {
	vi.unstubAllEnvs();
	for (const { folder } of [cloud, own]) rmSync(folder, { recursive: true, force: true });
});

const both = () => [
	...cloud.templates.entries().map(([stack, template]) => [`cloud ${stack}`, template] as const),
	...own.templates.entries().map(([stack, template]) => [`own ${stack}`, template] as const),
];
const ofType = ({ Resources }: Template, type: string) =>
	Object.values(Resources).filter((resource): resource is Resource => resource.Type === type);
const only = (synthesized: Synthesized, stack: string, type: string): Resource["Properties"] => {
	const found = ofType(synthesized.templates.get(stack)!, type);
	expect(found).toHaveLength(1);
	return found[0]!.Properties;
};

interface Statement {
	readonly Sid?: string;
	readonly Effect: string;
	readonly Action?: string | string[];
	readonly Resource?: unknown;
	readonly Principal?: unknown;
}
/** Every policy statement of a template, whatever kind of resource it is in. */
function statementsIn(value: unknown): Statement[] {
	if (typeof value !== "object" || value === null) return [];
	if (Array.isArray(value)) return value.flatMap(statementsIn);
	const own = "Effect" in value && ("Action" in value || "NotAction" in value) ? [value as Statement] : [];
	return [...own, ...Object.values(value).flatMap(statementsIn)];
}

describe("rights", () => {
	test("a wildcard in an action or a resource has its reason beside it", () => {
		let seen = 0;
		for (const [stack, template] of both()) {
			for (const statement of statementsIn(template).filter(({ Effect }) => Effect === "Allow")) {
				seen++;
				const { Sid = "", Action, Resource } = statement;
				expect(statement, stack).not.toHaveProperty("NotAction");
				if (!JSON.stringify([Action, Resource]).includes("*")) continue;
				expect(reasonOf(Sid) ?? "", `${stack}: ${JSON.stringify(statement)}`).toMatch(/\w+ \w+ \w+/);
			}
		}
		expect(seen).toBeGreaterThan(30);
	});

	test("no role has a managed policy, which AWS makes wider than anybody needs", () => {
		for (const [, template] of both())
			for (const { Properties } of ofType(template, "AWS::IAM::Role"))
				expect(Properties.ManagedPolicyArns).toBeUndefined();
	});

	test("nobody may delete a version of an artifact, so that every deletion can be taken back", () => {
		for (const [stack, template] of both())
			for (const { Action } of statementsIn(template).filter(({ Effect }) => Effect === "Allow"))
				expect(JSON.stringify(Action), stack).not.toContain("s3:DeleteObjectVersion");
	});

	test("what cdk-nag does not accept fails the synthesis, so that of both deployments found nothing", () => {
		const outdir = mkdtempSync(join(tmpdir(), "dno-cdk-"));
		const app = new App({ outdir });
		new Bucket(new Stack(app, "careless"), "Bucket");
		Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
		expect(() => app.synth()).toThrow("AwsSolutions-S10");
		rmSync(outdir, { recursive: true });
	});
});

test("the judges' function reads the store, writes what judging, pairing and reporting make, and nothing that is others'", () => {
	const statements = statementsIn(cloud.templates.get("judges"));
	const of = (action: string) =>
		statements.filter(({ Action }) => [Action].flat().includes(action)).flatMap(({ Resource }) => [Resource].flat());
	const names = (action: string) =>
		of(action).map((resource) => (resource as { "Fn::Join": [string, unknown[]] })["Fn::Join"][1].at(-1));
	const below = (...folders: string[]) => folders.map((folder) => `/store/${folder}/*`);
	expect(names("s3:GetObject")).toEqual(["/store/*"]);
	expect(names("s3:PutObject")).toEqual(below("objects", "steps", "verdicts", "ledgers", "damaged"));
	expect(names("s3:DeleteObject")).toEqual(below("objects", "steps"));
	expect(JSON.stringify(statements)).toContain("elasticfilesystem:ClientMount");
	expect(JSON.stringify(statements)).not.toContain("elasticfilesystem:ClientWrite");
	// The control worker's, which publishes reports and keeps journals.
	const control = JSON.stringify(statementsIn(cloud.templates.get("control")));
	expect(control).toMatch(/"s3:PutObject"[^{]*[^}]*\}[^}]*"\/store\/\*"/);
});

describe("network", () => {
	test("workers are in private subnets and nobody can connect to them", () => {
		const { Resources } = cloud.templates.get("network")!;
		const { Workers: _, ...groups } = Object.groupBy(Object.values(Resources), ({ Properties }) =>
			/^dno workers/.test(Properties?.GroupDescription) ? "Workers" : "others",
		);
		expect(_).toHaveLength(1);
		expect(_![0]!.Properties.SecurityGroupIngress).toBeUndefined();
		// Nor anybody to anything else but the workers.
		const ingress = groups.others!.flatMap(({ Properties }) => Properties?.SecurityGroupIngress ?? []);
		for (const rule of ingress) expect(rule).not.toHaveProperty("CidrIp");
		for (const { Properties } of ofType(cloud.templates.get("network")!, "AWS::EC2::Subnet"))
			expect(Properties.MapPublicIpOnLaunch).toBe(false);
	});

	test("AWS's services are reached by endpoints; the internet by one gateway, or not at all", () => {
		for (const synthesized of [cloud, own]) {
			const endpoints = ofType(synthesized.templates.get("network")!, "AWS::EC2::VPCEndpoint");
			const text = JSON.stringify(endpoints);
			for (const service of ["s3", "secretsmanager", "ecr.api", "ecr.dkr", "logs", "autoscaling"])
				expect(text).toContain(`.${service}`);
		}
		const gateways = ({ templates }: Synthesized) => ofType(templates.get("network")!, "AWS::EC2::NatGateway").length;
		expect([gateways(cloud), gateways(own)]).toEqual([1, 0]);
		expect(ofType(own.templates.get("network")!, "AWS::EC2::InternetGateway")).toEqual([]);
	});
});

describe("storage", () => {
	test("the bucket is encrypted by the deployment's key, private, by TLS alone, and forgives a deletion for 30 days", () => {
		const buckets = ofType(cloud.templates.get("storage")!, "AWS::S3::Bucket").map(({ Properties }) => Properties);
		const store = buckets.find(({ VersioningConfiguration }) => VersioningConfiguration?.Status === "Enabled");
		const [rule] = store.BucketEncryption.ServerSideEncryptionConfiguration;
		expect(rule.BucketKeyEnabled).toBe(true);
		expect(rule.ServerSideEncryptionByDefault.SSEAlgorithm).toBe("aws:kms");
		const rules = store.LifecycleConfiguration.Rules;
		expect(rules).toContainEqual(
			expect.objectContaining({
				NoncurrentVersionExpiration: { NoncurrentDays: 30 },
				AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
			}),
		);
		// A removed checkpoint is as large as three models.
		expect(rules).toContainEqual(
			expect.objectContaining({
				Prefix: "store/checkpoints/",
				NoncurrentVersionExpiration: { NoncurrentDays: 1 },
			}),
		);
		for (const { PublicAccessBlockConfiguration } of buckets)
			expect(Object.values(PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
		const denied = statementsIn(cloud.templates.get("storage")).filter(({ Effect }) => Effect === "Deny");
		expect(JSON.stringify(denied).match(/"aws:SecureTransport":"false"/g)).toHaveLength(buckets.length + 1);
	});

	test("nothing that holds data goes when its stack is deleted", () => {
		const { Resources } = cloud.templates.get("storage")!;
		const kinds = ["S3::Bucket", "KMS::Key", "EFS::FileSystem", "SecretsManager::Secret", "ECR::Repository"];
		for (const kind of kinds) {
			const found = Object.values(Resources).filter(({ Type }) => Type === `AWS::${kind}`);
			expect(found.length, kind).toBeGreaterThan(0);
			for (const resource of found) expect(resource, kind).toMatchObject({ DeletionPolicy: "Retain" });
		}
	});
});

describe("judges", () => {
	test("Temporal Cloud's roles may invoke every published version, and nobody without the external id", () => {
		const roles = ofType(cloud.templates.get("judges")!, "AWS::IAM::Role").map(({ Properties }) => Properties);
		const trusts = roles.flatMap(({ AssumeRolePolicyDocument }) =>
			AssumeRolePolicyDocument.Statement.filter(({ Condition }: { Condition?: object }) => Condition !== undefined),
		);
		expect(trusts).toHaveLength(5);
		for (const { Condition, Principal } of trusts) {
			expect(Condition).toEqual({ StringEquals: { "sts:ExternalId": "an-external-id" } });
			expect(Principal.AWS).toMatch(/^arn:aws:iam::\d{12}:role\/wci-lambda-invoke$/);
		}
		const rights = statementsIn(cloud.templates.get("judges")).find(({ Sid }) => Sid === "InvokeJudges")!;
		expect(rights.Action).toEqual(expect.arrayContaining(["lambda:InvokeFunction", "lambda:GetFunction"]));
		expect(ofType(cloud.templates.get("judges")!, "AWS::Events::Rule")).toEqual([]);
	});

	test("with invocation=schedule no foreign role is trusted; a rule invokes as many as are asked for, as one ends", () => {
		const judges = own.templates.get("judges")!;
		expect(JSON.stringify(judges)).not.toContain("sts:ExternalId");
		const { ScheduleExpression, Targets } = only(own, "judges", "AWS::Events::Rule");
		expect(ScheduleExpression).toBe("rate(10 minutes)");
		expect(Targets).toHaveLength(2);
		expect(only(own, "judges", "AWS::Lambda::Function").Timeout).toBe(600);
	});

	test("with invocation=schedule one that fails is not invoked again by Lambda itself, and told of at once", () => {
		expect(only(own, "judges", "AWS::Lambda::EventInvokeConfig")).toMatchObject({
			MaximumRetryAttempts: 0,
			MaximumEventAgeInSeconds: 120,
		});
		const thresholds = [cloud, own].map(({ templates }) => {
			const alarms = ofType(templates.get("judges")!, "AWS::CloudWatch::Alarm");
			return alarms.find(({ Properties }) => Properties.MetricName === "Errors")!.Properties.Threshold;
		});
		expect(thresholds).toEqual([3, 1]);
	});

	test("the function finds workspace, secret and server, keeps its old versions, and is bounded", () => {
		const { Environment, EphemeralStorage, FileSystemConfigs, MemorySize, ReservedConcurrentExecutions } = only(
			cloud,
			"judges",
			"AWS::Lambda::Function",
		);
		expect(Environment.Variables).toMatchObject({
			TEMPORAL_ADDRESS: CLOUD.temporalAddress,
			TEMPORAL_NAMESPACE: CLOUD.temporalNamespace,
			DNO_WORKSPACE: "/mnt/dno",
			DNO_DEPLOYMENT: "dno-judges",
		});
		expect(Object.keys(Environment.Variables)).toContain("DNO_SECRET_ID");
		expect(FileSystemConfigs).toEqual([expect.objectContaining({ LocalMountPath: "/mnt/dno" })]);
		expect(ReservedConcurrentExecutions).toBe(20);
		expect([MemorySize, only(own, "judges", "AWS::Lambda::Function").MemorySize]).toEqual([2048, 1024]);
		// The pairs of the most prompts whose pairs can be read again (docs/scale.md), twice.
		expect(EphemeralStorage.Size * 2 ** 20).toBeGreaterThan(2 * 2 ** 31);
		const [version] = ofType(cloud.templates.get("judges")!, "AWS::Lambda::Version");
		expect(version).toMatchObject({ DeletionPolicy: "Retain", Properties: { Description: "0123456789abcdef" } });
	});

	test("alarms may publish, those of this account alone, and nobody without TLS", () => {
		const { PolicyDocument } = only(cloud, "judges", "AWS::SNS::TopicPolicy");
		const [denied, allowed] = ["Deny", "Allow"].map((effect) =>
			statementsIn(PolicyDocument).filter(({ Effect }) => Effect === effect),
		);
		expect(denied).toMatchObject([{ Condition: { Bool: { "aws:SecureTransport": "false" } } }]);
		expect(allowed).toMatchObject([
			{
				Action: "sns:Publish",
				Principal: { Service: "cloudwatch.amazonaws.com" },
				Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
			},
		]);
	});

	test("alarms for errors, throttles and cut-offs reach the address", () => {
		const alarms = ofType(cloud.templates.get("judges")!, "AWS::CloudWatch::Alarm");
		expect(alarms.map(({ Properties }) => Properties.MetricName).toSorted()).toEqual([
			"Duration",
			"Errors",
			"Throttles",
		]);
		for (const { Properties } of alarms) expect(Properties.AlarmActions).toHaveLength(1);
		expect(only(cloud, "judges", "AWS::SNS::Subscription")).toMatchObject({
			Protocol: "email",
			Endpoint: CLOUD.alarmEmail,
		});
	});

	test("every log is kept for a month", () => {
		for (const [stack, template] of both())
			for (const { Properties } of ofType(template, "AWS::Logs::LogGroup"))
				expect(Properties.RetentionInDays, stack).toBe(30);
	});
});

describe("gpu pool", () => {
	const alarms = () => ofType(cloud.templates.get("gpu")!, "AWS::CloudWatch::Alarm");
	const isScaling = ({ Properties }: Resource) => /missing|too many/.test(Properties.AlarmDescription);
	const scaling = () => alarms().filter(isScaling);
	const notServing = (): Resource["Properties"] => alarms().find((each) => !isScaling(each))!.Properties;
	const metricOf = ({ Metrics }: Resource["Properties"], id: string) =>
		Metrics.find(({ Id }: { Id: string }) => Id === id).MetricStat.Metric;
	/** As the backlog function does. */
	const written = (name: MetricName) => {
		const { Environment } = only(cloud, "backlog", "AWS::Lambda::Function");
		const Dimensions = [{ Name: "Workspace", Value: Environment.Variables.DNO_WORKSPACE_ID }];
		return { Namespace: "Dno", MetricName: METRICS[name], Dimensions };
	};
	const topic = () => {
		const topics = Object.keys(cloud.templates.get("judges")!.Resources).filter((id) => id.startsWith("Alarms"));
		expect(topics.length).toBeGreaterThan(0);
		return topics[0];
	};

	test("hosts ask for metadata by version 2, and their disks are encrypted", () => {
		const templates = ofType(cloud.templates.get("gpu")!, "AWS::EC2::LaunchTemplate");
		expect(templates).toHaveLength(2);
		for (const { Properties } of templates) {
			const { MetadataOptions, BlockDeviceMappings } = Properties.LaunchTemplateData;
			expect(MetadataOptions.HttpTokens).toBe("required");
			expect(BlockDeviceMappings).toEqual([
				expect.objectContaining({ Ebs: expect.objectContaining({ Encrypted: true }) }),
			]);
		}
	});

	test("from no host at all; spot first, and on demand when spot has not come for ten minutes", () => {
		const gpu = cloud.templates.get("gpu")!;
		const groups = ofType(gpu, "AWS::AutoScaling::AutoScalingGroup").map(({ Properties }) => Properties);
		expect(groups.map(({ MinSize, MaxSize }) => [MinSize, MaxSize])).toEqual([
			["0", "8"],
			["0", "8"],
		]);
		const shares = groups.map(
			({ MixedInstancesPolicy }) => MixedInstancesPolicy.InstancesDistribution.OnDemandPercentageAboveBaseCapacity,
		);
		expect(shares).toEqual([0, 100]);
		const alarms = scaling().map(({ Properties }) => Properties);
		const minutes = Object.fromEntries(alarms.map((each) => [each.AlarmDescription, each.EvaluationPeriods]));
		expect(minutes).toEqual({
			"spot: GPU hosts are missing": 1,
			"onDemand: GPU hosts are missing": 10,
			"spot: GPU hosts are too many": 15,
			"onDemand: GPU hosts are too many": 10,
		});
	});

	test("alarms look at what the backlog function writes", () => {
		for (const { Properties } of scaling()) expect(metricOf(Properties, "wanted")).toEqual(written("gpuWanted"));
		expect(metricOf(notServing(), "polling")).toEqual(written("gpuHosts"));
	});

	test("hosts that do not poll for twenty minutes are told of", () => {
		const { Metrics, ComparisonOperator, Threshold, EvaluationPeriods, DatapointsToAlarm, AlarmActions } = notServing();
		expect(Metrics[0].Expression).toBe("FILL(spot, 0) + FILL(onDemand, 0) - polling");
		for (const { MetricStat } of Metrics.slice(1)) expect(MetricStat.Period).toBe(60);
		const when = [ComparisonOperator, Threshold, EvaluationPeriods, DatapointsToAlarm];
		expect(when).toEqual(["GreaterThanOrEqualToThreshold", 1, 20, 18]);
		expect(JSON.stringify(AlarmActions)).toContain(`dno-judges:ExportsOutputRef${topic()}`);
	});

	test("a host may end itself, and tell its own groups that it is drained or of no use", () => {
		for (const { Properties } of ofType(cloud.templates.get("gpu")!, "AWS::EC2::LaunchTemplate"))
			expect(Properties.LaunchTemplateData.InstanceInitiatedShutdownBehavior).toBe("terminate");
		const rights = statementsIn(cloud.templates.get("gpu")).filter((each) =>
			JSON.stringify(each).includes("autoscaling"),
		);
		expect(rights).toHaveLength(1);
		expect(rights[0]!.Action).toEqual(["autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceHealth"]);
		for (const [i, kind] of ["spot", "on-demand"].entries())
			expect(JSON.stringify((rights[0]!.Resource as object[])[i])).toContain(`autoScalingGroupName/dno-gpu-${kind}"`);
	});

	test("who counts what waits is asked once a minute, and missed when it fails", () => {
		expect(only(cloud, "backlog", "AWS::Lambda::EventInvokeConfig")).toMatchObject({
			MaximumRetryAttempts: 0,
			MaximumEventAgeInSeconds: 60,
		});
		const alarms = ofType(cloud.templates.get("backlog")!, "AWS::CloudWatch::Alarm");
		expect(alarms.filter(({ Properties }) => Properties.MetricName === "Errors")).toHaveLength(1);
		for (const { Properties } of alarms)
			expect(JSON.stringify(Properties.AlarmActions)).toContain(`dno-judges:ExportsOutputRef${topic()}`);
	});

	test("work for which nobody has polled for half an hour is told of: GPU hosts that do not come, judges that nobody invokes", () => {
		const alarms = ofType(cloud.templates.get("backlog")!, "AWS::CloudWatch::Alarm");
		const alone = alarms.map(({ Properties }) => Properties).filter(({ Metrics }) => Metrics !== undefined);
		expect(alone.map((each) => [metricOf(each, "wanted"), metricOf(each, "workers")])).toEqual([
			[written("gpuWanted"), written("gpuHosts")],
			[written("judgeWanted"), written("judgeWorkers")],
		]);
		for (const { Metrics, Threshold, EvaluationPeriods, DatapointsToAlarm } of alone) {
			expect(Metrics[0].Expression).toBe("IF(wanted > 0 AND workers < 1, 1, 0)");
			expect([Threshold, EvaluationPeriods, DatapointsToAlarm]).toEqual([1, 30, 30]);
		}
	});

	test("a host that goes is drained before it does", () => {
		const hooks = ofType(cloud.templates.get("gpu")!, "AWS::AutoScaling::LifecycleHook");
		for (const { Properties } of hooks)
			expect(Properties).toMatchObject({
				LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
				DefaultResult: "CONTINUE",
				HeartbeatTimeout: 300,
			});
		expect(hooks).toHaveLength(2);
	});
});

describe("control", () => {
	test("one worker, by the deployment's image, names the workspace as the queues are named", () => {
		const { ContainerDefinitions, Volumes } = only(cloud, "control", "AWS::ECS::TaskDefinition");
		const [naming, control] = ContainerDefinitions;
		const { DNO_WORKSPACE_ID } = only(cloud, "backlog", "AWS::Lambda::Function").Environment.Variables;
		const joined: (string | object)[] = naming.Command[0]["Fn::Join"][1];
		const script = joined.map((part) => (typeof part === "string" ? part : "the-bucket")).join("");
		const [folder, image] = [join(cloud.folder, "workspace"), join(cloud.folder, "campaigns")];
		mkdirSync(folder);
		const here = script.replaceAll("/mnt/dno", folder).replaceAll("/app/campaigns", image);
		const prepare = () => execFileSync("sh", ["-c", here]);
		prepare();
		const file = join(folder, "workspace.json");
		const expected = { schemaVersion: 1, id: DNO_WORKSPACE_ID, store: "s3://the-bucket/store" };
		expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(expected);
		// What is there stays: campaigns that run read it. What is new comes along.
		writeFileSync(file, "known");
		mkdirSync(join(folder, "campaigns/mine"));
		writeFileSync(join(folder, "campaigns/mine/config"), "known");
		for (const name of ["mine", "yours"]) {
			mkdirSync(join(image, name), { recursive: true });
			writeFileSync(join(image, name, "config"), `new ${name}`);
		}
		prepare();
		const read = (name: string) => readFileSync(join(folder, name), "utf8");
		expect(read("workspace.json")).toBe("known");
		expect(["mine", "yours"].map((name) => read(`campaigns/${name}/config`))).toEqual(["known", "new yours"]);
		expect(readdirSync(join(folder, "campaigns"))).toEqual(["mine", "yours"]);
		expect(control.Command).toEqual(["worker", "control", "--workspace", "/mnt/dno"]);
		expect(control.Environment).toContainEqual({ Name: "DNO_STORE_CACHE_GB", Value: "8" });
		expect(control.Secrets.map(({ Name }: { Name: string }) => Name)).toEqual(["TEMPORAL_API_KEY", "OPENAI_API_KEY"]);
		const withoutKeys = only(own, "control", "AWS::ECS::TaskDefinition").ContainerDefinitions[1];
		expect([withoutKeys.Name, withoutKeys.Secrets]).toEqual([control.Name, undefined]);
		expect(Volumes[0].EFSVolumeConfiguration).toMatchObject({ TransitEncryption: "ENABLED" });
		expect(only(cloud, "control", "AWS::ECS::Service")).toMatchObject({ DesiredCount: 1 });
	});
});

test("the outputs that docs/aws.md goes by are there", () => {
	const outputs = (stack: string) => Object.keys(cloud.templates.get(stack)!.Outputs ?? {});
	expect(outputs("storage")).toEqual(expect.arrayContaining(["SecretArn", "FileSystemId", "AccessPointId"]));
	const control = ["ClusterName", "TaskDefinition", "Subnets", "SecurityGroup", "LogGroup"];
	expect(outputs("control")).toEqual(expect.arrayContaining(control));
	const judges = ["DeploymentName", "BuildId", "FunctionVersionArn", "InvocationRoleArn"];
	expect(outputs("judges")).toEqual(expect.arrayContaining(judges));
});

test("docs/aws.md counts every alarm's metrics, by which CloudWatch bills", () => {
	const alarms = [...cloud.templates.values()].flatMap((template) => ofType(template, "AWS::CloudWatch::Alarm"));
	const asked = alarms.flatMap(({ Properties: { Metrics = [{ MetricStat: {} }] } }): object[] =>
		Metrics.filter((each: object) => "MetricStat" in each),
	);
	const page = readFileSync(new URL("../../docs/aws.md", import.meta.url), "utf8");
	expect(/\| alarms \| (\d+) metrics/.exec(page)?.[1]).toBe(`${asked.length}`);
});

test("keys of who deploys are in no template, asset or report", () => {
	for (const { folder } of [cloud, own]) {
		const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
		expect(entries.length).toBeGreaterThan(14);
		for (const { parentPath, name } of entries)
			expect(readFileSync(join(parentPath, name), "utf8"), name).not.toContain(PLANTED);
	}
});

test("two deployments differ in everything that has a name", () => {
	const ids = [cloud, own].map(
		(each) => only(each, "backlog", "AWS::Lambda::Function").Environment.Variables.DNO_WORKSPACE_ID,
	);
	expect(new Set(ids).size).toBe(2);
	for (const id of ids) expect(id).toMatch(/^dno-[0-9a-f]{8}$/);
	const repositories = [cloud, own].flatMap(({ templates }) =>
		ofType(templates.get("storage")!, "AWS::ECR::Repository").map(({ Properties }) => Properties.RepositoryName),
	);
	expect(repositories).toEqual(["dno-worker", "dno-gpu", "nightly-worker", "nightly-gpu"]);
});

test("without an address CloudFormation asks for one and has no default", () => {
	for (const stack of ["judges", "control", "backlog", "gpu"]) {
		const { TemporalAddress, TemporalNamespace } = own.templates.get(stack)!.Parameters as Record<string, object>;
		for (const parameter of [TemporalAddress, TemporalNamespace]) {
			expect(parameter).toMatchObject({ Type: "String" });
			expect(parameter).not.toHaveProperty("Default");
		}
		expect(cloud.templates.get(stack)!.Parameters).not.toHaveProperty("TemporalAddress");
	}
});
