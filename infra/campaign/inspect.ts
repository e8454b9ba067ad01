import { dirname, join } from "node:path";
import { DnoError } from "../../core/errors.ts";
import { LINES } from "../../core/events.ts";
import type { Pause } from "../../core/pause.ts";
import { report } from "../../core/report.ts";
import type { CampaignStatus } from "../../workflows/messages.ts";
import { isSilent, type RegisteredWorker, registeredWorkers } from "../pool/registry.ts";
import { configOf, placesOf } from "../workspace/campaign-file.ts";
import type { FoundCampaign } from "../workspace/find-campaign.ts";
import { hasLedger, openLedger } from "../workspace/open-store.ts";
import { reportText } from "../workspace/report-place.ts";
import { NotRunningError } from "./not-running.ts";
import type { PendingStep, PendingWork } from "./pending-work.ts";
import { runningServer } from "./running-server.ts";

/** Everything `dno status` shows. */
export interface CampaignView {
	readonly id: string;
	readonly directory: string;
	readonly createdAt: string;
	/** `not running`: no process has it, and it has not ended; `unknown`: its server or its workers do not answer. */
	readonly state: CampaignStatus["state"] | "not running" | "unknown";
	readonly iterations: number;
	readonly finishedIterations: number;
	/** The one in hand, 0 while the initial policy is evaluated; absent where it is not running. */
	readonly iteration?: number;
	readonly stage?: string;
	readonly paused?: Pause;
	/** The iteration whose policy waits for approval. */
	readonly awaiting?: number;
	readonly judging?: PendingWork["judging"];
	readonly steps: readonly PendingStep[];
	/** DNO's on the held-out prompts against the teacher, by iteration. */
	readonly winRates: readonly { readonly iteration: number; readonly winRate: number }[];
	/** US dollars; absent where nothing is paid for. */
	readonly cost?: { readonly spent: number; readonly ceiling?: number };
	readonly steering: CampaignStatus["steering"];
	/** Those that serve its workspace; absent where the campaign is one process's own. */
	readonly workers?: readonly WorkerView[];
	/** What the last attempts of steps under way ended with, what the campaign failed of, or why nothing is known. */
	readonly lastErrors: readonly string[];
}

/** A worker of a campaign's workspace. */
interface WorkerView extends Pick<RegisteredWorker, "name" | "kind" | "host" | "device" | "memory" | "model"> {
	/** It has not said lately that it is well, or its process is gone. */
	readonly isSilent: boolean;
}

/** How a campaign stands: what its workflow says where one is under way, and what its folder says. */
export async function inspectCampaign(campaign: FoundCampaign): Promise<CampaignView> {
	const { directory, file } = campaign;
	const { id, createdAt } = file;
	const disk = await onDisk(campaign);
	const { live, silence, failure } = await liveStatus(campaign);
	const unended = silence === undefined ? "not running" : "unknown";
	const steps = live?.work.steps ?? [];
	const workers = await workersOf(campaign);
	return {
		...{ id, directory, createdAt },
		state: live?.status.state ?? (disk.ended ? disk.status : unended),
		iterations: live?.status.iterations ?? disk.iterations,
		finishedIterations: live?.status.finishedIterations ?? disk.winRates.at(-1)?.iteration ?? 0,
		...(live && { iteration: live.status.iteration }),
		...(live?.status.stage && { stage: live.status.stage }),
		...(live?.status.paused && { paused: live.status.paused }),
		...(live?.status.awaiting !== undefined && { awaiting: live.status.awaiting }),
		...(live?.work.judging && { judging: live.work.judging }),
		steps,
		winRates: disk.winRates,
		...(disk.cost && { cost: disk.cost }),
		...(workers && { workers }),
		steering: live?.status.steering ?? disk.steering,
		lastErrors: [
			...steps.flatMap(({ activity, lastError }) => (lastError ? [`${activity}: ${lastError}`] : [])),
			...(disk.ended ? [] : [silence, failure].filter((each) => each !== undefined)),
		],
	};
}

interface Live {
	readonly live?: { readonly status: CampaignStatus; readonly work: PendingWork };
	/** Why nothing can be said of a campaign that may be under way. */
	readonly silence?: string;
	/** What it ended with. */
	readonly failure?: string;
}

async function liveStatus(campaign: FoundCampaign): Promise<Live> {
	if ((await runningServer(campaign)) === undefined) return {};
	const { operateCampaign } = await import("./operate.ts");
	try {
		return await operateCampaign(campaign, async (operator) => {
			const status = await operator.status();
			return { live: { status, work: await operator.work() } };
		});
	} catch (error) {
		if (error instanceof NotRunningError) return error.failure === undefined ? {} : { failure: error.failure.message };
		if (error instanceof DnoError) return { silence: error.message };
		throw error;
	}
}

/** Where workers of a pool serve the campaign, all of them. */
async function workersOf({ directory, file }: FoundCampaign): Promise<readonly WorkerView[] | undefined> {
	if (file.queues === undefined) return undefined;
	const registered = await registeredWorkers({ workers: join(dirname(directory), "workers") });
	return registered
		.toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))
		.map((worker) => {
			const { name, kind, host, device, memory, model } = worker;
			return {
				...{ name, kind, host, isSilent: isSilent(worker) },
				...(device !== undefined && { device }),
				...(memory && { memory }),
				...(model !== undefined && { model }),
			};
		});
}

async function onDisk(campaign: FoundCampaign) {
	const { directory, file } = campaign;
	const text = await reportText(campaign);
	const parsed = text === undefined ? undefined : report.safeParse(JSON.parse(text));
	const config = configOf(file, directory);
	const line = parsed?.data?.lines.find(({ name }) => name === LINES.dno);
	const status = parsed?.data?.campaign.status ?? "running";
	const steering = (parsed?.data?.steering ?? []) as CampaignStatus["steering"];
	const steered = steering.findLast(({ set }) => set.iterations !== undefined);
	return {
		iterations: (steered?.set.iterations as number | undefined) ?? config.iterations,
		status,
		ended: status !== "running",
		winRates: (line?.points ?? []).map(({ iteration, winRate }) => ({ iteration, winRate })),
		steering,
		cost: await costOf(placesOf(directory, file).ledger),
	};
}

async function costOf(ledger: string): Promise<CampaignView["cost"]> {
	if (!(await hasLedger(ledger))) return undefined;
	const { spent, ceiling } = await openLedger(ledger).state();
	return { spent, ...(ceiling !== undefined && { ceiling }) };
}
