import { Stack } from "aws-cdk-lib";
import type { IRepository } from "aws-cdk-lib/aws-ecr";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { accept, reasonOf, wildcard } from "./accept.ts";
import type { StorageStack } from "./storage-stack.ts";

/*
 * What workers may do, statement by statement. CDK's own grants are wider: `grantReadWrite` alone brings s3:List* and
 * kms:GenerateDataKey* along.
 */

/** All that a worker with an image reads and writes under `prefix/` of the bucket. */
export function storeStatements({ store, bucket, key }: StorageStack): PolicyStatement[] {
	return [
		wildcard("ArtifactsOfTheStore", "objects are named by their hash, so only their prefix is known", {
			// Deleting is for what is damaged and set aside, and for dno gc; versions stay for 30 days.
			actions: [
				"s3:GetObject",
				"s3:PutObject",
				"s3:DeleteObject",
				"s3:AbortMultipartUpload",
				"s3:ListMultipartUploadParts",
			],
			resources: [`${store}/*`],
		}),
		...bucketStatements(bucket, key),
	];
}

/** Below the store: what judges make, and where they put what they find damaged. */
const MADE_BY_JUDGES = ["objects/*", "steps/*", "verdicts/*", "ledgers/*", "damaged/*"];
/** What they may find damaged. */
const SET_ASIDE = ["objects/*", "steps/*"];

/**
 * What judging, pairing and assembling a report take: everything may be read, for a step's inputs are anywhere in it, but
 * campaigns' files, journals and published reports are not theirs to write.
 */
export function judgeStoreStatements({ store, bucket, key }: StorageStack): PolicyStatement[] {
	const below = (names: readonly string[]) => names.map((name) => `${store}/${name}`);
	return [
		wildcard("ReadsOfTheStore", "objects are named by their hash, so only their prefix is known", {
			actions: ["s3:GetObject"],
			resources: [`${store}/*`],
		}),
		wildcard("WritesOfJudges", "artifacts, steps and verdicts are named by hashes, segments of ledgers by campaigns", {
			actions: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
			resources: below(MADE_BY_JUDGES),
		}),
		wildcard("SettingAsideOfJudges", "what is damaged is named by a hash; versions stay for 30 days", {
			actions: ["s3:DeleteObject"],
			resources: below(SET_ASIDE),
		}),
		...bucketStatements(bucket, key),
	];
}

function bucketStatements(bucket: StorageStack["bucket"], key: StorageStack["key"]): PolicyStatement[] {
	return [
		// Not for the prefix alone: without this right on the bucket S3 says "forbidden" where an object is not there.
		new PolicyStatement({ sid: "ListOfTheStore", actions: ["s3:ListBucket"], resources: [bucket.bucketArn] }),
		new PolicyStatement({
			sid: "KeyOfTheStore",
			actions: ["kms:Decrypt", "kms:GenerateDataKey"],
			resources: [key.keyArn],
		}),
	];
}

/** The workspace's folder, by its access point: judges read configs, verifiers and rubrics there and write nothing. */
export function workspaceStatement({ files, workspace }: StorageStack, may: "read" | "write"): PolicyStatement {
	return new PolicyStatement({
		sid: "FilesOfTheWorkspace",
		actions: ["elasticfilesystem:ClientMount", ...(may === "write" ? ["elasticfilesystem:ClientWrite"] : [])],
		resources: [files.fileSystemArn],
		conditions: { StringEquals: { "elasticfilesystem:AccessPointArn": workspace.accessPointArn } },
	});
}

export function secretStatements({ secret, key }: StorageStack): PolicyStatement[] {
	return [
		new PolicyStatement({
			sid: "ReadKeys",
			actions: ["secretsmanager:GetSecretValue"],
			resources: [secret.secretArn],
		}),
		new PolicyStatement({ sid: "DecryptKeys", actions: ["kms:Decrypt"], resources: [key.keyArn] }),
	];
}

export function logStatement(group: ILogGroup): PolicyStatement {
	return wildcard("WriteOwnLog", "a log stream is made by each process and named by AWS; the group is fixed", {
		actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
		resources: [group.logGroupArn],
	});
}

/** A function in a VPC has network interfaces, which Lambda makes and removes with the function's role. */
export function interfaceStatement(stack: Stack): PolicyStatement {
	return wildcard(
		"NetworkInterfacesOfLambda",
		"Lambda checks these against *; interfaces have no name before they exist",
		{
			actions: [
				"ec2:CreateNetworkInterface",
				"ec2:DescribeNetworkInterfaces",
				"ec2:DescribeSubnets",
				"ec2:DeleteNetworkInterface",
				"ec2:AssignPrivateIpAddresses",
				"ec2:UnassignPrivateIpAddresses",
			],
			resources: ["*"],
			conditions: { StringEquals: { "aws:RequestedRegion": stack.region } },
		},
	);
}

/** Pulling an image of the workers. */
export function imageStatements(repository: IRepository): PolicyStatement[] {
	return [
		wildcard("RegistryToken", "the registry's token is the account's; no resource can be named", {
			actions: ["ecr:GetAuthorizationToken"],
			resources: ["*"],
		}),
		new PolicyStatement({
			sid: "PullImage",
			actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
			resources: [repository.repositoryArn],
		}),
	];
}

/** The reason of {@link storeStatements}, for cdk-nag. */
export function acceptStore(construct: Construct, { store }: StorageStack): void {
	acceptBelow(construct, store, ["*"], "ArtifactsOfTheStore");
}

/** The reasons of {@link judgeStoreStatements}. */
export function acceptJudgeStore(construct: Construct, { store }: StorageStack): void {
	acceptBelow(construct, store, ["*"], "ReadsOfTheStore");
	acceptBelow(construct, store, MADE_BY_JUDGES, "WritesOfJudges");
}

/** cdk-nag writes an imported value by the name of its export. */
function acceptBelow(construct: Construct, store: string, names: readonly string[], sid: string): void {
	const { "Fn::Join": joined } = Stack.of(construct).resolve(store);
	const [, [imported, rest]] = joined as [string, [{ readonly "Fn::ImportValue": string }, string]];
	const resource = `Resource::${imported["Fn::ImportValue"]}${rest}`;
	for (const name of names) accept(construct, { [`AwsSolutions-IAM5[${resource}/${name}]`]: reasonOf(sid)! });
}
