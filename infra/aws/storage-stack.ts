import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { Peer, Port, SecurityGroup, type Vpc } from "aws-cdk-lib/aws-ec2";
import { Repository, TagMutability } from "aws-cdk-lib/aws-ecr";
import { type AccessPoint, FileSystem, LifecyclePolicy } from "aws-cdk-lib/aws-efs";
import { AccountRootPrincipal, AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership, StorageClass } from "aws-cdk-lib/aws-s3";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { accept, wildcard } from "./accept.ts";
import { STORE_PREFIX, WORKER_UID } from "./settings.ts";

interface StorageProps extends StackProps {
	readonly vpc: Vpc;
	readonly workers: SecurityGroup;
	readonly name: string;
}

/** All that outlives the workers: artifacts, the workspace's files, keys, images. Nothing here goes with its stack. */
export class StorageStack extends Stack {
	readonly key: Key;
	readonly bucket: Bucket;
	/** Of the deployment's prefix, without a slash behind it, for other stacks. */
	readonly store: string;
	readonly files: FileSystem;
	readonly workspace: AccessPoint;
	/** JSON, `{ "TEMPORAL_API_KEY": …, "OPENAI_API_KEY": … }`; its value is never in a template. */
	readonly secret: Secret;
	/** The two targets of infra/docker/Dockerfile. */
	readonly images: { readonly worker: Repository; readonly gpu: Repository };

	constructor(scope: Construct, id: string, { vpc, workers, name, ...props }: StorageProps) {
		super(scope, id, props);
		this.key = this.makeKey();
		this.bucket = this.makeBucket();
		this.store = `${this.exportValue(this.bucket.bucketArn)}/${STORE_PREFIX}`;
		this.files = this.makeFiles(vpc, workers);
		this.workspace = this.files.addAccessPoint("Workspace", {
			path: "/workspace",
			createAcl: { ownerUid: String(WORKER_UID), ownerGid: String(WORKER_UID), permissions: "750" },
			// Whoever a container runs as: all workers write the same files.
			posixUser: { uid: String(WORKER_UID), gid: String(WORKER_UID) },
		});
		this.secret = new Secret(this, "Keys", {
			description: "Keys of the judges and of Temporal, by the name of their environment variable",
			// By its ARN: CDK would add ReEncrypt* and GenerateDataKey* to the key's policy.
			encryptionKey: Key.fromKeyArn(this, "KeyOfKeys", this.key.keyArn),
			// A secret has to have a value, and workers take one whose keys are variables' names; the real one is put by
			// `aws secretsmanager put-secret-value`.
			generateSecretString: { secretStringTemplate: "{}", generateStringKey: "UNUSED" },
			removalPolicy: RemovalPolicy.RETAIN,
		});
		accept(this.secret, {
			"AwsSolutions-SMG4": "keys of other companies' services, which they alone can rotate; docs/aws.md says how",
		});
		this.images = {
			worker: this.makeRepository("Images", `${name}-worker`),
			gpu: this.makeRepository("GpuImages", `${name}-gpu`),
		};
		new CfnOutput(this, "SecretArn", { value: this.secret.secretArn });
		new CfnOutput(this, "BucketName", { value: this.bucket.bucketName });
		new CfnOutput(this, "FileSystemId", { value: this.files.fileSystemId });
		new CfnOutput(this, "AccessPointId", { value: this.workspace.accessPointId });
	}

	private makeRepository(id: string, repositoryName: string): Repository {
		return new Repository(this, id, {
			repositoryName,
			imageScanOnPush: true,
			// A host that starts next month has to run what the campaign began with.
			imageTagMutability: TagMutability.IMMUTABLE,
			encryptionKey: this.key,
			removalPolicy: RemovalPolicy.RETAIN,
			lifecycleRules: [{ maxImageCount: 40 }],
		});
	}

	private makeKey(): Key {
		const policy = new PolicyDocument({
			statements: [
				wildcard(
					"AccountAdministersKey",
					"a key whose policy leaves out the account can be administered by nobody; in a key's policy * means the key",
					{ principals: [new AccountRootPrincipal()], actions: ["kms:*"], resources: ["*"] },
				),
			],
		});
		return new Key(this, "Key", { enableKeyRotation: true, policy, removalPolicy: RemovalPolicy.RETAIN });
	}

	private makeBucket(): Bucket {
		const shared = {
			blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
			objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
			enforceSSL: true,
			minimumTLSVersion: 1.2,
			removalPolicy: RemovalPolicy.RETAIN,
		};
		const logs = new Bucket(this, "AccessLogs", {
			...shared,
			// The service that delivers access logs cannot write under a KMS key of ours.
			encryption: BucketEncryption.S3_MANAGED,
			objectOwnership: ObjectOwnership.BUCKET_OWNER_PREFERRED,
			lifecycleRules: [{ expiration: Duration.days(90) }],
		});
		return new Bucket(this, "Store", {
			...shared,
			encryption: BucketEncryption.KMS,
			encryptionKey: this.key,
			// One call to KMS for many objects: without it a million verdicts cost three dollars of KMS.
			bucketKeyEnabled: true,
			// Objects are named by their hash and never overwritten, so versions keep little but what was deleted, and earlier reports: a
			// month to take back a `dno gc` or a slip.
			versioned: true,
			serverAccessLogsBucket: logs,
			lifecycleRules: [
				{
					abortIncompleteMultipartUploadAfter: Duration.days(7),
					noncurrentVersionExpiration: Duration.days(30),
					expiredObjectDeleteMarker: true,
				},
				// As large as three models, and worth nothing once the training has ended or a later one is there.
				{
					prefix: `${STORE_PREFIX}/checkpoints/`,
					noncurrentVersionExpiration: Duration.days(1),
					expiration: Duration.days(30),
				},
				// Old policies are the most bytes and the least read.
				{ transitions: [{ storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(30) }] },
			],
		});
	}

	private makeFiles(vpc: Vpc, workers: SecurityGroup): FileSystem {
		const group = new SecurityGroup(this, "FilesGroup", {
			vpc,
			description: "Files of the workspace",
			allowAllOutbound: false,
		});
		group.addIngressRule(Peer.securityGroupId(workers.securityGroupId), Port.tcp(2049), "NFS of the workers");
		return new FileSystem(this, "Files", {
			vpc,
			vpcSubnets: { subnetGroupName: "workers" },
			securityGroup: group,
			encrypted: true,
			kmsKey: this.key,
			enableAutomaticBackups: true,
			lifecyclePolicy: LifecyclePolicy.AFTER_30_DAYS,
			removalPolicy: RemovalPolicy.RETAIN,
			// With a policy, who may mount is a matter of IAM; without TLS nobody may.
			fileSystemPolicy: new PolicyDocument({
				statements: [
					new PolicyStatement({
						sid: "TlsOnly",
						effect: Effect.DENY,
						principals: [new AnyPrincipal()],
						actions: ["ClientMount", "ClientWrite", "ClientRootAccess"].map((each) => `elasticfilesystem:${each}`),
						conditions: { Bool: { "aws:SecureTransport": "false" } },
					}),
				],
			}),
		});
	}
}
