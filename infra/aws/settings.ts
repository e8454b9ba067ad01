import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { App } from "aws-cdk-lib";
import { z } from "zod";
import { didYouMean } from "../../activities/datasets/did-you-mean.ts";
import { DnoError } from "../../core/errors.ts";
import { type TaskQueues, taskQueues } from "../../core/task-queues.ts";

/** Not by coercion: an empty variable of a shell would be a 0, which for a network is another network. */
function whole(least: number, most: number) {
	const error = `not a whole number from ${least} to ${most}`;
	const read = (given: unknown) => (typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given);
	return z.preprocess(read, z.int(error).min(least, error).max(most, error));
}

/** @param each what an entry is, for the error */
function list(pattern: RegExp, each: string) {
	return z
		.string()
		.transform((text) => [...new Set(text.split(",").map((entry) => entry.trim()))].filter((entry) => entry !== ""))
		.refine((entries) => entries.length > 0 && entries.every((entry) => pattern.test(entry)), {
			error: `not ${each}, or several with commas between them`,
		});
}

/** NVIDIA's; the images are for x86, which leaves out the ones with AMD's GPUs and with Graviton. */
const GPU_INSTANCE = /^(?!g4ad|g5g)(p|gr?)\d[a-z0-9-]*\.[a-z0-9-]+$/;
const VARIABLE = /^[A-Z_][A-Z0-9_]*$/;

const schema = z.object({
	/** Prefix of the stacks; two deployments on one Temporal namespace need two. */
	name: z
		.string()
		.regex(/^[a-z][a-z0-9-]{0,20}$/)
		.default("dno"),
	/** host:port. Without it, CloudFormation asks for it as a parameter. */
	temporalAddress: z
		.string()
		.regex(/^[^\s:/]+:\d+$/)
		.optional(),
	temporalNamespace: z.string().regex(/^\S+$/).optional(),
	/** `temporal`: the Temporal service invokes the judges. `schedule`: EventBridge invokes `judgePollers` of them, always. */
	invocation: z.enum(["temporal", "schedule"]).default("temporal"),
	/** What Temporal has to name to assume the role that invokes the judges. */
	externalId: z
		.string()
		.regex(/^[a-zA-Z0-9_+=,.@-]{5,45}$/)
		.optional(),
	/** Role or user that a self-hosted Temporal service runs as; Temporal Cloud's roles without it. */
	temporalPrincipal: z
		.string()
		.regex(/^arn:aws:iam::\d{12}:(role|user)\/.+$/)
		.optional(),
	/** Invocations of the judges' function at a time. */
	judgeConcurrency: whole(1, 1000).default(20),
	/** MB of an invocation, which has a share of a core by them, a whole one at 1,769. */
	judgeMemory: whole(512, 10_240).default(1024),
	/** With `invocation=schedule`; a rule has at most five targets. */
	judgePollers: whole(1, 5).default(1),
	/** Tag of the workers' images in the deployment's repositories; this version's number without it. */
	imageTag: z
		.string()
		.regex(/^[\w][\w.-]{0,127}$/)
		.optional(),
	/** Keys of the secret that the control worker is given: Temporal's, and those that `dno start` looks for; or `none`. */
	controlKeys: z
		.union([z.literal("none").transform((): string[] => []), list(VARIABLE, "a key of the secret")], {
			error: "not a key of the secret, several with commas between them, or none",
		})
		.default(["TEMPORAL_API_KEY"]),
	/** Kinds of GPU hosts, the one that is wanted first. */
	gpuInstances: list(GPU_INSTANCE, "a kind of x86 hosts with NVIDIA GPUs, such as g6e.xlarge").default([
		"g6e.xlarge",
		"g6.xlarge",
		"g5.xlarge",
	]),
	/** Hosts of a group at most: on the spot market, and as many on demand. */
	gpuMax: whole(1, 64).default(2),
	/** 0 where Temporal and the judges are reached without the internet. */
	natGateways: whole(0, 2).default(1),
	alarmEmail: z.email().optional(),
});

export interface Settings extends z.output<typeof schema> {
	readonly imageTag: string;
	/** The workspace's id, known before any worker has opened it, so that queues can be named in templates. */
	readonly workspaceId: string;
	readonly queues: TaskQueues;
}

/** Settings that mean nothing unless the judges are invoked in one way. */
const ONLY_WITH = {
	judgePollers: "schedule",
	externalId: "temporal",
	temporalPrincipal: "temporal",
} as const satisfies { readonly [key in keyof Settings]?: Settings["invocation"] };

/** Everything of a deployment lies under one prefix of its bucket. */
export const STORE_PREFIX = "store";

/** Of the user in the workers' images. */
export const WORKER_UID = 10_001;

/** The one place in all containers and functions where the workspace is found: campaigns name their files by path. */
export const WORKSPACE_PATH = "/mnt/dno";

/**
 * The deployment that `-c key=value` and cdk.json describe.
 *
 * @throws {DnoError} (usage) an unknown key, or a value that cannot be
 */
export function readSettings(app: App): Settings {
	const context = app.node.getAllContext() as Readonly<Record<string, unknown>>;
	const given = Object.fromEntries(Object.entries(context).filter(([key]) => !isCdks(key)));
	const known = Object.keys(schema.shape);
	for (const key of Object.keys(given)) {
		if (known.includes(key)) continue;
		const near = didYouMean(key, known);
		const mend = near === undefined ? `Use one of ${known.join(", ")}` : `Did you mean ${near}?`;
		throw new DnoError({ what: "Unknown setting", where: `-c ${key}=…`, got: key, mend, kind: "usage" });
	}
	const parsed = schema.safeParse(given);
	if (!parsed.success) {
		const { path, message } = parsed.error.issues[0]!;
		const key = String(path[0]);
		const mend = "See the settings in docs/aws.md";
		throw new DnoError({ what: message, where: `-c ${key}=…`, got: given[key], mend, kind: "usage" });
	}
	const settings = parsed.data;
	for (const [key, invocation] of Object.entries(ONLY_WITH)) {
		if (given[key] === undefined || settings.invocation === invocation) continue;
		const mend = `Leave it out, or give -c invocation=${invocation}`;
		throw new DnoError({ what: "has no effect", where: `-c ${key}=…`, got: given[key], mend, kind: "usage" });
	}
	const { judgePollers, judgeConcurrency } = settings;
	if (judgePollers > judgeConcurrency) {
		const mend = `Give -c judgeConcurrency=${judgePollers} or more`;
		const where = "-c judgePollers=…";
		throw new DnoError({ what: "more than may be invoked at a time", where, got: judgePollers, mend, kind: "usage" });
	}
	const workspaceId = `dno-${createHash("sha256").update(settings.name).digest("hex").slice(0, 8)}`;
	const queues = taskQueues(workspaceId);
	const { imageTag = version() } = settings;
	return { ...settings, imageTag, workspaceId, queues };
}

/** CDK's own keys have a scope or a colon, but for what its command line saves; what is left can only be meant for us. */
function isCdks(key: string): boolean {
	return /[:@/]/.test(key) || key === "acknowledged-issue-numbers" || key === "cli-telemetry";
}

function version(): string {
	const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
	return (JSON.parse(manifest) as { readonly version: string }).version;
}
