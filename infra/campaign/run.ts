import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CampaignConfig } from "../../core/config.ts";
import type { CampaignEvent } from "../../core/events.ts";
import { report } from "../../core/report.ts";
import { chooseDevice } from "../../gpu-worker/engines/onnx/choose-device.ts";
import { type DeviceWish, deviceLine } from "../../gpu-worker/engines/onnx/device.ts";
import { connectTemporal } from "../temporal-server/index.ts";
import type { CampaignPlaces } from "../workspace/campaign-file.ts";

/**
 * How a call of {@link runCampaign} ended: `stopped` by its own signal, `ended` by an operator's `dno stop`, `paused` by one's
 * `dno pause` or until somebody raises the budget or mends the judge.
 */
export type Outcome = "finished" | "stopped" | "ended" | "paused";

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
	/** The campaign's own folder: policies, report, Temporal's state, and its store unless it is elsewhere. */
	readonly directory: string;
	readonly places: Pick<CampaignPlaces, "store" | "verdicts" | "ledger" | "journal" | "published">;
	readonly fromScratch: boolean;
	/** Insists on a device. */
	readonly device?: DeviceWish;
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
	let loading: Promise<typeof import("./drive.ts")> | undefined;
	const load = () => {
		loading ??= import("./drive.ts");
		// It is waited for below, and must not end the process before.
		loading.catch(() => {});
		return loading;
	};
	const chosen = await chooseDevice(run.device);
	emit({ event: "setup", text: `Computing on ${deviceLine(chosen)}` });
	const temporal = await connectTemporal({
		campaignDir: directory,
		// The server and what drives the campaign need half a second each: at the same time.
		onSpawned: load,
		onProgress: ({ stage, bytes, total }) =>
			emit({
				event: "setup",
				text: stage,
				...(bytes !== undefined && { done: bytes }),
				...(total !== undefined && { total }),
			}),
	});
	try {
		const { drive } = await load();
		return await drive(run, temporal, chosen.device);
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
