import { Client } from "@temporalio/client";
import { DefaultLogger, Runtime } from "@temporalio/worker";
import type { OnnxDevice } from "../../gpu-worker/engines/onnx/device.ts";
import { createOnnxEngine } from "../../gpu-worker/engines/onnx/index.ts";
import { requireReadable } from "../connection/require-readable.ts";
import type { TemporalAccess } from "../temporal-server/index.ts";
import { openFiles, openJournal, openLedger, openStore, openVerdicts } from "../workspace/open-store.ts";
import { beginCampaign } from "./begin-campaign.ts";
import { connectClient } from "./client-connection.ts";
import { createPauseListener } from "./pause-listener.ts";
import { prepareCampaign } from "./prepare.ts";
import type { CampaignRun, Outcome } from "./run.ts";
import { untilEnd } from "./until-end.ts";
import { startWorkers } from "./workers.ts";
import { loadWorkflowBundle } from "./workflow-bundle.ts";

/**
 * Drives a campaign on a server that answers: workers in this process, and the workflow to its end.
 *
 * @throws DnoError with what made the campaign fail
 */
export async function drive(run: CampaignRun, temporal: TemporalAccess, device: OnnxDevice): Promise<Outcome> {
	Runtime.install({
		logger: new DefaultLogger("ERROR"),
		telemetryOptions: { logging: { forward: {}, filter: "ERROR" } },
	});
	const bundling = loadWorkflowBundle();
	// It is waited for below, and must not end the process before.
	bundling.catch(() => {});
	const { id, config, directory, folder, places, signal } = run;
	const pause = createPauseListener(run.emit);
	const { emit } = pause;
	const { address, namespace, uiUrl, dataConverter } = temporal;
	const store = openStore(places.store, emit);
	const journal = openJournal(places.journal);
	const engine = createOnnxEngine({ threads: config.engine.threads, device });
	const facts = async () => ({ engine: engine.fingerprint, startedAt: run.createdAt });
	const spec = await prepareCampaign(store, run);
	emit({ event: "temporal", address, ...(uiUrl !== undefined && { uiUrl }), workflowId: id });
	const bundle = await bundling;
	const { connection, close } = await connectClient(temporal);
	try {
		const client = new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
		await requireReadable(client, id);
		const workers = await startWorkers({
			access: temporal,
			queuePrefix: id,
			bundle,
			engine,
			dependencies: {
				...{ store, emit, folder, directory, facts },
				verdicts: openVerdicts(places.verdicts),
				ledger: openLedger(places.ledger),
				journal,
				...(places.published !== undefined && { published: openFiles(places.published) }),
			},
			heartbeatSeconds: config.engine.heartbeatSeconds,
			oracle: config.oracle,
		});
		try {
			const { handle, finishedIterations } = await beginCampaign(client, connection, {
				spec,
				journal,
				queues: id,
				bundle,
			});
			if (finishedIterations !== undefined) emit({ event: "resumed", finishedIterations });
			const ended = await untilEnd(handle, workers, pause.paused, signal);
			if (typeof ended === "string") return ended;
			return ended.stopped ? "ended" : "finished";
		} finally {
			await workers.stop();
		}
	} finally {
		await close();
	}
}
