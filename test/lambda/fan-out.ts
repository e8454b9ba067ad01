import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, Connection, type WorkflowHandle } from "@temporalio/client";
import { labelledGroups } from "../../activities/oracle/labelled.ts";
import { readJsonLines, toJsonLines } from "../../activities/store/json-lines.ts";
import { type CampaignConfigInput, campaignConfig } from "../../core/config.ts";
import { judgingSpec } from "../../core/judging-spec.ts";
import type { JudgeContext } from "../../core/judging-steps.ts";
import { oracleConfig } from "../../core/oracle-config.ts";
import { type Verdict, verdict } from "../../core/records.ts";
import { readDataConverter } from "../../infra/connection/payload-codec.ts";
import { resolveTemporalBinary, startTemporalServer } from "../../infra/temporal-server/index.ts";
import { CAMPAIGN_FILE, type CampaignFile, storeKey } from "../../infra/workspace/campaign-file.ts";
import { openStore } from "../../infra/workspace/open-store.ts";
import { shareCampaign } from "../../infra/workspace/shared-campaigns.ts";
import { openWorkspace, type Workspace } from "../../infra/workspace/workspace.ts";
import type { judging } from "../../workflows/judging.ts";
import type { Case } from "../faults/candidates.ts";
import { filesWith } from "../files-with.ts";
import { type DnoProcess, startDno } from "../integration/run-dno.ts";
import { makeCurrent } from "./make-current.ts";

export interface FanOut extends AsyncDisposable {
	/** Everything of it is below, Temporal's database included. */
	readonly root: string;
	readonly workspace: Workspace;
	readonly address: string;
	readonly client: Client;
	/** Begins the judging of all cases by the campaign's oracle. */
	begin(): Promise<WorkflowHandle<typeof judging>>;
	verdicts(handle: WorkflowHandle<typeof judging>): Promise<Verdict[]>;
	/** Makes a version the one that gets the work, as soon as Temporal has heard of it. */
	makeCurrent(deploymentName: string, buildId: string): Promise<void>;
	/** Files below `root` that hold a text. */
	filesWith(text: string): Promise<string[]>;
}

export interface FanOutOptions {
	/** For the control worker. */
	readonly env?: Readonly<Record<string, string>>;
	/** `s3://bucket/prefix`; by default a folder of the workspace. */
	readonly store?: string;
}

const CAMPAIGN = "fan-out-0badcafe";

/** A workspace with one campaign whose judging is all that happens: a server with its state in a file, and a control worker. */
export async function startFanOut(
	oracle: CampaignConfigInput["oracle"],
	cases: readonly Case[],
	{ env = {}, store: address }: FanOutOptions = {},
): Promise<FanOut> {
	await using stack = new AsyncDisposableStack();
	const root = await mkdtemp(join(tmpdir(), "dno-lambda-"));
	stack.defer(() => rm(root, { recursive: true, force: true }));
	const workspace = await openWorkspace(join(root, "runs"), address);
	await mkdir(join(workspace.directory, "temporal"), { recursive: true });
	const server = await startTemporalServer({
		binary: await resolveTemporalBinary({}),
		...{ headless: true, dbFile: workspace.database, logFile: join(root, "server.log") },
	});
	stack.defer(() => server.stop());
	await writeCampaign(workspace, oracle);
	const worker = startDno(["worker", "control", "--workspace", workspace.directory, "--name", "control", "--json"], {
		env: { TEMPORAL_ADDRESS: server.address, ...env },
	});
	stack.defer(() => endWorker(worker));
	await worker.until((event) => event.event === "ready");
	const connection = await Connection.connect({ address: server.address });
	stack.defer(() => connection.close());
	const client = new Client({ connection, dataConverter: readDataConverter(env) });
	let isOver = false;
	const parts = stack.move();
	const store = openStore(workspace.store);
	const put = (text: string) => store.put(text, { step: "test", inputs: {} });
	return {
		...{ root, workspace, address: server.address, client },
		async begin() {
			const parsed = oracleConfig.parse(oracle);
			const groups = labelledGroups(cases.map(({ prompt, responses }) => ({ prompt, responses: [...responses] })));
			const most = Math.max(...groups.map(({ responses }) => responses.length));
			const candidates = { parts: [await put(toJsonLines(groups))], partSize: groups.length, count: groups.length };
			const context: JudgeContext = {
				...{ oracle: await put(JSON.stringify(parsed)), iteration: 0, line: "dno", stage: "rank" },
			};
			return client.workflow.start<typeof judging>("judging", {
				workflowId: `${CAMPAIGN}/judging`,
				taskQueue: workspace.queues.control,
				args: [
					{
						...{ context, candidates: [candidates] },
						spec: judgingSpec(parsed, [{ candidates: most, comparisons: "all" }]),
					},
				],
			});
		},
		async verdicts(handle) {
			const { verdicts } = await handle.result();
			return (await Promise.all(verdicts.map((ref) => readJsonLines(store, ref, verdict)))).flat();
		},
		makeCurrent: (deploymentName, buildId) => makeCurrent(client, { deploymentName, buildId }, () => isOver),
		filesWith: (text) => filesWith(root, text),
		async [Symbol.asyncDispose]() {
			isOver = true;
			await parts.disposeAsync();
		},
	};
}

async function endWorker({ child, ended }: DnoProcess): Promise<void> {
	child.kill("SIGTERM");
	await ended;
}

/** As `dno start` leaves it, but for the data and the model, which judging needs none of. */
async function writeCampaign(workspace: Workspace, oracle: CampaignConfigInput["oracle"]): Promise<void> {
	const directory = join(workspace.directory, "fan-out");
	const config: CampaignConfigInput = {
		name: "fan-out",
		policy: { model: "model" },
		prompts: { train: "train.jsonl", validation: "validation.jsonl", heldOut: "held-out.jsonl", perIteration: 500 },
		...{ iterations: 1, sampling: { samples: 2, maxTokens: 8 }, pairs: {}, training: { learningRate: 1e-3 } },
		...{ evaluation: {}, engine: { kind: "onnx" }, oracle },
	};
	campaignConfig.parse(config);
	const file: CampaignFile = {
		...{ schemaVersion: 1, id: CAMPAIGN, createdAt: new Date().toISOString(), configSha256: "", fromScratch: false },
		config: config as unknown as CampaignFile["config"],
		...{ files: {}, folder: directory, queues: workspace.id },
		store: storeKey(directory, workspace.store),
	};
	await mkdir(directory, { recursive: true });
	await writeFile(join(directory, CAMPAIGN_FILE), JSON.stringify(file));
	await shareCampaign(file);
}
