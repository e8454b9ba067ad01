import { Context } from "@temporalio/activity";
import { type LambdaHandler, type LambdaWorkerConfig, runWorker } from "@temporalio/lambda-worker";
import { DefaultLogger } from "@temporalio/worker";
import { DnoError } from "../../core/errors.ts";
import type { CampaignEvent } from "../../core/events.ts";
import { unconnectedOptions } from "../campaign/worker-group.ts";
import { connectionOptions } from "../connection/connection-options.ts";
import { readDataConverter } from "../connection/payload-codec.ts";
import { readEnvironment } from "../connection/read-environment.ts";
import type { Environment } from "../download/progress.ts";
import { serveJudges } from "../pool/judge-workers.ts";
import { campaignIdOf } from "../workspace/campaign-activities.ts";
import { findWorkspace, openWorkspace, type Workspace } from "../workspace/workspace.ts";
import { type Invocation, judgeQueues } from "./judge-queues.ts";
import { createSecretSource, type Secrets } from "./secrets.ts";
import { readSettings } from "./settings.ts";

/** Of the time between the last work taken and the deadline: calls end by themselves, are then broken off, and told of. */
const SHARES = { grace: 0.65, brokenOff: 0.25 } as const;

/**
 * A handler that judges for all campaigns of a workspace, whatever the event: from its invocation until shortly before its
 * deadline it is a worker of the judge queues, of one version of a worker deployment. Temporal invokes it when work waits; where it cannot,
 * a schedule does.
 *
 * @param env the function's environment, see settings.ts; Temporal's own variables, see docs/connection.md
 * @param buildId names the version: other code, another one
 * @throws {DnoError} The workspace, the secret or the server's address is not there.
 */
export async function createHandler(env: Environment, buildId: string): Promise<LambdaHandler> {
	const begun = performance.now();
	const { workspace: directory, store, deploymentName, secretId, drainMs } = readSettings(env);
	const workspace = await (store === undefined ? requireWorkspace(directory) : openWorkspace(directory, store));
	const source = secretId === undefined ? undefined : createSecretSource({ id: secretId, onStale: sayStale });
	const serve = serveWith(workspace, env, drainMs);
	let served = serve(await source?.current());

	let config!: LambdaWorkerConfig;
	let invocation!: Invocation;
	const invoke = runWorker({ deploymentName, buildId }, (given) => {
		config = given;
		config.shutdownDeadlineBufferMs = drainMs;
		config.runtimeOptions = {
			logger: new DefaultLogger("ERROR"),
			telemetryOptions: { logging: { forward: {}, filter: "ERROR" } },
			// The runtime's own; a process that is to end is killed.
			shutdownSignals: [],
		};
		Object.assign(config.workerOptions, served.worker);
		config.workerOptions.plugins = [judgeQueues(() => invocation)];
	});
	say({ event: "init", buildId, seconds: seconds(begun) });

	return async (event, context) => {
		const started = performance.now();
		served = serve(await source?.current());
		config.connectionOptions = served.connection;
		config.namespace = served.namespace;
		Object.assign(config.workerOptions, served.worker);
		const requestId: string = context.awsRequestId;
		invocation = {
			serving: served.serving,
			drainAt: Date.now() + context.getRemainingTimeInMillis() - drainMs,
			onPolling: (queues) => say({ event: "polling", requestId, queues, seconds: seconds(started) }),
			onMissed: (text) => say({ event: "warning", requestId, text }),
		};
		await invoke(event, context);
		say({ event: "drained", requestId, seconds: seconds(started) });
	};
}

/** What a secret gives is made once for each of its versions: an exchanged key is another server's access and other clients. */
function serveWith(workspace: Workspace, env: Environment, drainMs: number) {
	let last: { readonly secrets: Secrets | undefined; readonly served: ReturnType<typeof make> } | undefined;
	const make = (secrets: Secrets | undefined) => {
		const environment = { ...env, ...secrets };
		const { server } = readEnvironment(environment);
		if (server === undefined)
			throw new DnoError({
				what: "no Temporal server is named",
				where: "TEMPORAL_ADDRESS",
				mend: "Set it to host:port in the function's environment",
			});
		const access = { ...server, dataConverter: readDataConverter(environment) };
		const emit = (event: CampaignEvent) => sayOf(currentCampaign(), event);
		const graceMs = drainMs * SHARES.brokenOff;
		const serving = serveJudges(workspace, sayOf, { environment, graceMs });
		return {
			serving,
			connection: connectionOptions(access),
			namespace: access.namespace,
			worker: {
				...unconnectedOptions(access, emit),
				...serving.planning,
				shutdownGraceTime: drainMs * SHARES.grace,
			},
		};
	};
	return (secrets: Secrets | undefined) => {
		if (last === undefined || last.secrets !== secrets) last = { secrets, served: make(secrets) };
		return last.served;
	};
}

async function requireWorkspace(directory: string): Promise<Workspace> {
	const workspace = await findWorkspace(directory);
	if (workspace !== undefined) return workspace;
	throw new DnoError({
		what: "this folder is no workspace",
		where: "DNO_WORKSPACE",
		got: directory,
		mend: "Mount the file system of the workspace there, or set DNO_STORE to its s3://bucket/prefix",
	});
}

function currentCampaign(): string {
	return campaignIdOf(Context.current().info.workflowExecution?.workflowId ?? "");
}

/** One line of JSON each, as the log service takes fields from. Progress comes with every call, too often for a log. */
function sayOf(campaign: string, event: CampaignEvent): void {
	if (event.event !== "progress") say({ ...event, campaign });
}

function sayStale(reason: string): void {
	say({ event: "stale-secret", reason });
}

function say(line: object): void {
	process.stdout.write(`${JSON.stringify(line)}\n`);
}

function seconds(since: number): number {
	return Math.round(performance.now() - since) / 1000;
}
