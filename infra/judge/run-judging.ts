import { join } from "node:path";
import { Client, type WorkflowHandle, WorkflowNotFoundError } from "@temporalio/client";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { createFileLedger } from "../../activities/oracle/calls/file-ledger.ts";
import { createFolderVerdictStore } from "../../activities/oracle/calls/folder-verdict-store.ts";
import { createPauseActivities } from "../../activities/oracle/create-pause-activities.ts";
import { createFolderStore } from "../../activities/store/folder-store.ts";
import { readJsonLines, toJsonLines } from "../../activities/store/json-lines.ts";
import { type CostSummary, summarizeCosts } from "../../core/cost.ts";
import type { CampaignEvent } from "../../core/events.ts";
import { judgingSpec } from "../../core/judging-spec.ts";
import type { JudgeContext } from "../../core/judging-steps.ts";
import type { OracleConfig } from "../../core/oracle-config.ts";
import { PROMPTS_A_PART } from "../../core/prompt-range.ts";
import { type ArtifactRef, type CandidateGroup, type Verdict, verdict } from "../../core/records.ts";
import { taskQueues } from "../../core/task-queues.ts";
import type { judging } from "../../workflows/judging.ts";
import { connectClient } from "../campaign/client-connection.ts";
import { ledgerFile, verdictsFolder } from "../campaign/folders.ts";
import { createJudgeWorkers } from "../campaign/judge-workers.ts";
import { createPauseListener } from "../campaign/pause-listener.ts";
import { untilEnd } from "../campaign/until-end.ts";
import { connectWorker } from "../campaign/worker-connection.ts";
import { runWorkers, sharedOptions } from "../campaign/worker-group.ts";
import { loadWorkflowBundle, type WorkflowBundle } from "../campaign/workflow-bundle.ts";
import { requireReadable } from "../connection/require-readable.ts";
import type { NamespaceAccess } from "../connection/server-access.ts";
import { connectTemporal } from "../temporal-server/index.ts";

export interface JudgingRun {
	/** Names the workflow and its queues: the same for the same work, so that running it again goes on. */
	readonly id: string;
	/** Without a budget: the ledger has the ceiling. */
	readonly oracle: OracleConfig;
	/** Where the oracle's paths begin. */
	readonly folder: string;
	/** Store, ledger and Temporal's state; the verdict store is beside it. */
	readonly directory: string;
	readonly groups: readonly CandidateGroup[];
	readonly emit: (event: CampaignEvent) => void;
	readonly signal: AbortSignal;
}

export type JudgingOutcome =
	| { readonly kind: "finished"; readonly verdicts: readonly Verdict[]; readonly costs: CostSummary }
	| { readonly kind: "stopped" }
	| { readonly kind: "paused" };

/**
 * Judges candidates outside of a campaign, by the workflow that campaigns judge with: durable, paid once, under a budget.
 *
 * @throws DnoError with what made it fail
 */
export async function runJudging(run: JudgingRun): Promise<JudgingOutcome> {
	Runtime.install({
		logger: new DefaultLogger("ERROR"),
		telemetryOptions: { logging: { forward: {}, filter: "ERROR" } },
	});
	const bundling = loadWorkflowBundle();
	// It is waited for below, and must not end the process before.
	bundling.catch(() => {});
	const temporal = await connectTemporal({ campaignDir: run.directory });
	try {
		return await drive(run, temporal, await bundling);
	} finally {
		await temporal.close();
	}
}

async function drive(run: JudgingRun, access: NamespaceAccess, bundle: WorkflowBundle): Promise<JudgingOutcome> {
	const { id, oracle, folder, directory, groups, signal } = run;
	const { namespace, dataConverter } = access;
	const { emit, paused } = createPauseListener(run.emit);
	const store = createFolderStore(join(directory, "store"));
	const ledger = createFileLedger(ledgerFile(directory));
	const dependencies = { store, emit, folder, ledger, verdicts: createFolderVerdictStore(verdictsFolder(directory)) };
	const put = (text: string) => store.put(text, { step: "judge-file", inputs: { id } });
	const context: JudgeContext = { oracle: await put(JSON.stringify(oracle)), iteration: 0, line: "dno", stage: "rank" };
	const parts: ArtifactRef[] = [];
	for (let from = 0; from < groups.length; from += PROMPTS_A_PART)
		parts.push(await put(toJsonLines(groups.slice(from, from + PROMPTS_A_PART))));
	const candidates = { parts, partSize: PROMPTS_A_PART, count: groups.length };
	const most = groups.reduce((longest, { responses }) => Math.max(longest, responses.length), 0);
	const queues = taskQueues(id);

	const { connection, close } = await connectClient(access);
	try {
		const client = new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
		await requireReadable(client, id);
		const native = await connectWorker(access);
		const shared = sharedOptions(native, access, emit);
		const workers = await runWorkers(native, [
			Worker.create({
				...shared,
				taskQueue: queues.control,
				workflowBundle: { code: bundle.code },
				activities: createPauseActivities(dependencies),
				// A killed process leaves its sticky queue behind; its workflows go on elsewhere after this long.
				stickyQueueScheduleToStartTimeout: "1s",
			}),
			...createJudgeWorkers(shared, queues, oracle, dependencies),
		]);
		try {
			const input: Input = {
				context,
				spec: judgingSpec(oracle, [{ candidates: most, comparisons: "all" }]),
				candidates: [candidates],
			};
			const handle = await begin(client, { id, bundle: bundle.version }, queues.control, input);
			const ended = await untilEnd(handle, workers, paused, signal);
			if (typeof ended === "string") return { kind: ended };
			const verdicts = (await Promise.all(ended.verdicts.map((ref) => readJsonLines(store, ref, verdict)))).flat();
			return { kind: "finished", verdicts, costs: summarizeCosts(await ledger.read()) };
		} finally {
			await workers.stop();
		}
	} finally {
		await close();
	}
}

type Input = Parameters<typeof judging>[0];

/** Begins the judging, or goes on with the one that a stopped or killed process left. */
async function begin(
	{ workflow }: Client,
	{ id, bundle }: { readonly id: string; readonly bundle: string },
	taskQueue: string,
	input: Input,
): Promise<WorkflowHandle<typeof judging>> {
	const handle = workflow.getHandle<typeof judging>(id);
	const found = await handle.describe().catch((error) => {
		if (error instanceof WorkflowNotFoundError) return undefined;
		throw error;
	});
	if (found?.status.name === "RUNNING") {
		if (found.memo?.bundle === bundle) {
			await handle.signal("resumeJudging");
			return handle;
		}
		// Its history was made by other workflow code; a new run finds every verdict in the store.
		await handle.terminate("the workflow code has changed");
	}
	return await workflow.start<typeof judging>("judging", {
		workflowId: id,
		taskQueue,
		args: [input],
		memo: { bundle },
	});
}
