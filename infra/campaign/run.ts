import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from "@temporalio/client";
import { DefaultLogger, Runtime } from "@temporalio/worker";
import { createFileLedger } from "../../activities/oracle/calls/file-ledger.ts";
import { createFolderVerdictStore } from "../../activities/oracle/calls/folder-verdict-store.ts";
import { createFolderStore } from "../../activities/store/folder-store.ts";
import type { CampaignConfig } from "../../core/config.ts";
import type { CampaignEvent } from "../../core/events.ts";
import { report } from "../../core/report.ts";
import { taskQueues } from "../../core/task-queues.ts";
import { createOnnxEngine } from "../../gpu-worker/engines/onnx/index.ts";
import type { campaign as campaignWorkflow } from "../../workflows/campaign.ts";
import type { CampaignStatus } from "../../workflows/messages.ts";
import { connectTemporal, type TemporalAccess } from "../temporal-server/index.ts";
import { connectClient } from "./client-connection.ts";
import { ledgerFile, verdictsFolder } from "./folders.ts";
import { createPauseListener } from "./pause-listener.ts";
import { prepareCampaign } from "./prepare.ts";
import { untilEnd } from "./until-end.ts";
import { startWorkers } from "./workers.ts";
import { loadWorkflowBundle, type WorkflowBundle } from "./workflow-bundle.ts";

/** How a call of {@link runCampaign} ended; `paused` until somebody raises the budget or mends the judge. */
export type Outcome = "finished" | "stopped" | "paused";

export interface CampaignRun {
	/** Unique among campaigns; names the workflow and its task queues. */
	readonly id: string;
	/** ISO 8601. */
	readonly createdAt: string;
	/** With absolute paths. */
	readonly config: CampaignConfig;
	/** With paths relative to `folder`. */
	readonly portable: CampaignConfig;
	/** Folder of the config file. */
	readonly folder: string;
	/** The campaign's own folder: store, policies, report, Temporal's state. */
	readonly directory: string;
	readonly fromScratch: boolean;
	readonly emit: (event: CampaignEvent) => void;
	/** Aborting stops the campaign cleanly; the same call goes on later. */
	readonly signal: AbortSignal;
}

/**
 * Runs a campaign to its end, or until `signal` aborts: starts Temporal and the workers, begins the workflow or goes on
 * with the one that a killed process left.
 *
 * @throws DnoError with what made the campaign fail
 */
export async function runCampaign(run: CampaignRun): Promise<Outcome> {
	const { emit, directory } = run;
	if (await isFinished(run)) return "finished";
	Runtime.install({
		logger: new DefaultLogger("ERROR"),
		telemetryOptions: { logging: { forward: {}, filter: "ERROR" } },
	});
	const bundling = loadWorkflowBundle();
	// It is waited for below, and must not end the process before.
	bundling.catch(() => {});
	const temporal = await connectTemporal({
		campaignDir: directory,
		onProgress: ({ stage, bytes, total }) =>
			emit({
				event: "setup",
				text: stage,
				...(bytes !== undefined && { done: bytes }),
				...(total !== undefined && { total }),
			}),
	});
	try {
		return await drive(run, temporal, await bundling);
	} finally {
		await temporal.close();
	}
}

/** A campaign that has ended is looked at, not started again. */
async function isFinished({ directory, id }: CampaignRun): Promise<boolean> {
	const text = await readFile(join(directory, "report.json"), "utf8").catch(() => undefined);
	if (text === undefined) return false;
	const { success, data } = report.safeParse(JSON.parse(text));
	return success && data.campaign.id === id && data.campaign.status === "finished";
}

async function drive(run: CampaignRun, temporal: TemporalAccess, bundle: WorkflowBundle): Promise<Outcome> {
	const { id, config, directory, folder, signal } = run;
	const pause = createPauseListener(run.emit);
	const { emit } = pause;
	const { address, namespace, uiUrl } = temporal;
	const store = createFolderStore(join(directory, "store"));
	const engine = createOnnxEngine({ threads: config.engine.threads });
	const facts = { engine: engine.fingerprint, startedAt: run.createdAt };
	const spec = await prepareCampaign(store, run);
	emit({ event: "temporal", address, ...(uiUrl !== undefined && { uiUrl }), workflowId: id });
	const { connection, close } = await connectClient(address);
	try {
		const workers = await startWorkers({
			address,
			namespace,
			queuePrefix: id,
			bundle,
			engine,
			dependencies: {
				...{ store, emit, folder, directory, facts },
				verdicts: createFolderVerdictStore(verdictsFolder(directory)),
				ledger: createFileLedger(ledgerFile(directory)),
			},
			heartbeatSeconds: config.engine.heartbeatSeconds,
			oracle: config.oracle,
		});
		try {
			const client = new Client({ connection, namespace });
			const ended = await untilEnd(await begin(client, { id, emit }, spec, bundle), workers, pause.paused, signal);
			return ended ?? "finished";
		} finally {
			await workers.stop();
		}
	} finally {
		await close();
	}
}

/** Begins the campaign's workflow, or finds the one that is under way. */
async function begin(
	client: Client,
	{ id, emit }: Pick<CampaignRun, "id" | "emit">,
	spec: Awaited<ReturnType<typeof prepareCampaign>>,
	bundle: WorkflowBundle,
) {
	const handle = client.workflow.getHandle<typeof campaignWorkflow>(id);
	const found = await handle.describe().catch((error) => {
		if (error instanceof WorkflowNotFoundError) return undefined;
		throw error;
	});
	if (found?.status.name === "RUNNING") {
		if (found.memo?.bundle === bundle.version) {
			const { finishedIterations } = await handle.query<CampaignStatus, []>("status");
			emit({ event: "resumed", finishedIterations });
			// Who runs it again has mended what it paused on, or finds out that it pauses on it still.
			await handle.signal("resume");
			return handle;
		}
		// Its history was made by other workflow code; a new run finds every finished step in the store.
		await handle.terminate("the workflow code has changed");
	}
	try {
		return await client.workflow.start<typeof campaignWorkflow>("campaign", {
			workflowId: id,
			taskQueue: taskQueues(id).control,
			args: [{ spec }],
			memo: { bundle: bundle.version },
		});
	} catch (error) {
		if (error instanceof WorkflowExecutionAlreadyStartedError) return handle;
		throw error;
	}
}
