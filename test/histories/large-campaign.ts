import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@temporalio/client";
import { DefaultLogger, Runtime } from "@temporalio/worker";
import { createFileLedger } from "../../activities/oracle/calls/file-ledger.ts";
import { createFolderVerdictStore } from "../../activities/oracle/calls/folder-verdict-store.ts";
import { createFileJournal } from "../../activities/operations/journal.ts";
import { createFolderStore } from "../../activities/store/folder-store.ts";
import { toJsonLines } from "../../activities/store/json-lines.ts";
import { campaignConfig } from "../../core/config.ts";
import type { CampaignEvent } from "../../core/events.ts";
import type { OracleConfigInput } from "../../core/oracle-config.ts";
import { taskQueues } from "../../core/task-queues.ts";
import { connectClient } from "../../infra/campaign/client-connection.ts";
import { prepareCampaign } from "../../infra/campaign/prepare.ts";
import { startWorkers } from "../../infra/campaign/workers.ts";
import { loadWorkflowBundle } from "../../infra/campaign/workflow-bundle.ts";
import { resolveTemporalBinary, startTemporalServer } from "../../infra/temporal-server/index.ts";
import { absolutePaths } from "../../infra/workspace/config-paths.ts";
import type { campaign } from "../../workflows/campaign.ts";
import { makeSmallCampaign } from "../integration/small-campaign.ts";
import { createSimulatedEngine } from "./simulated-engine.ts";

export interface LargeCampaignOptions {
	/** Of the one iteration; K = 5. */
	readonly prompts: number;
	/** By default a program that is shown six prompts an activity, 64 activities at once. */
	readonly oracle?: OracleConfigInput;
	/** Prompts a chunk, in place of what follows from the oracle. */
	readonly chunkSize?: number;
	/** Of the server. */
	readonly dynamicConfig?: Readonly<Record<string, number>>;
	readonly emit?: (event: CampaignEvent) => void;
}

export interface LargeCampaign extends AsyncDisposable {
	readonly client: Client;
	readonly id: string;
	/** The campaign's end. */
	readonly ended: Promise<Awaited<ReturnType<typeof campaign>>>;
}

const PROGRAM: OracleConfigInput = { kind: "verifier", module: "verifier.ts", chunkSize: 6, concurrency: 64 };
const EVALUATED = 12;

/** Begins a campaign of one iteration with so many prompts: everything is real but the engine, which draws at random. */
export async function startLargeCampaign(options: LargeCampaignOptions): Promise<LargeCampaign> {
	const { prompts, oracle = PROGRAM, chunkSize, dynamicConfig, emit = () => {} } = options;
	Runtime.install({
		logger: new DefaultLogger("ERROR"),
		telemetryOptions: { logging: { forward: {}, filter: "ERROR" } },
	});
	const folder = await makeSmallCampaign({
		iterations: 1,
		prompts: {
			...{ train: "train.jsonl", validation: "validation.jsonl", heldOut: "held-out.jsonl" },
			perIteration: prompts,
		},
		sampling: { samples: 5, maxTokens: 4 },
		oracle,
		baselines: {},
	});
	const directory = join(folder, "campaign");
	writeFileSync(join(folder, "train.jsonl"), toJsonLines(sums(0, prompts)));
	writeFileSync(join(folder, "validation.jsonl"), toJsonLines(sums(prompts, EVALUATED)));
	writeFileSync(join(folder, "held-out.jsonl"), toJsonLines(sums(prompts + EVALUATED, EVALUATED)));
	const portable = campaignConfig.parse(JSON.parse(readFileSync(join(folder, "dno.config.json"), "utf8")));
	const config = absolutePaths(portable, folder);
	const store = createFolderStore(join(directory, "store"));
	const id = "large-0123abcd";
	const prepared = await prepareCampaign(store, { id, config, portable, fromScratch: false });
	const spec = chunkSize === undefined ? prepared : { ...prepared, judging: { ...prepared.judging, chunkSize } };

	const facts = async () => ({ engine: "simulated", startedAt: new Date().toISOString() });
	const bundle = await loadWorkflowBundle();
	const server = await startTemporalServer({
		...{ binary: await resolveTemporalBinary({ env: process.env }), headless: true },
		...{ dbFile: join(directory, "temporal.db"), logFile: join(directory, "server.log") },
		...(dynamicConfig && { dynamicConfig }),
	});
	const { address, namespace } = server;
	const { connection, close } = await connectClient({ address });
	const client = new Client({ connection, namespace });
	const workers = await startWorkers({
		access: { address, namespace },
		queuePrefix: id,
		bundle,
		engine: createSimulatedEngine(vocabulary(folder), 1),
		dependencies: {
			...{ store, emit, folder, directory, facts },
			verdicts: createFolderVerdictStore(join(directory, "verdicts")),
			ledger: createFileLedger(join(directory, "ledger.jsonl")),
			journal: createFileJournal(join(directory, "operations.jsonl")),
		},
		heartbeatSeconds: 30,
		oracle: config.oracle,
	});
	const handle = await client.workflow.start<typeof campaign>("campaign", {
		workflowId: id,
		taskQueue: taskQueues(id).control,
		args: [{ spec }],
	});
	const ended = handle.result();
	// It is waited for later.
	ended.catch(() => {});
	return {
		...{ client, id, ended },
		async [Symbol.asyncDispose]() {
			await workers.stop();
			await close();
			await server.stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

/** The words of the folder's model by their ids. */
function vocabulary(folder: string): string[] {
	const { model } = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8")) as {
		model: { vocab: Record<string, number> };
	};
	return Object.entries(model.vocab)
		.toSorted((a, b) => a[1] - b[1])
		.map(([word]) => word);
}

const NUMBERS = 19;

/** Sums of four numbers, no two alike, up to 130,321 of them; the answer is taken modulo 19, since the model has no larger words. */
function sums(first: number, count: number) {
	return Array.from({ length: count }, (_, i) => {
		const numbers = [0, 1, 2, 3].map((place) => Math.floor((first + i) / NUMBERS ** place) % NUMBERS);
		const sum = numbers.reduce((a, b) => a + b, 0) % NUMBERS;
		return { id: `p${first + i}`, prompt: `${numbers.join(" + ")} =`, gold: String(sum), meta: sum };
	});
}
