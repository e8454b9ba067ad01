import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { removeTemporaries } from "../activities/store/atomic-write.ts";
import { DnoError } from "../core/errors.ts";
import type { DeviceWish } from "../gpu-worker/engines/onnx/device.ts";
import type { Outcome } from "../infra/campaign/run.ts";
import { placesOf } from "../infra/workspace/campaign-file.ts";
import { relativePaths } from "../infra/workspace/config-paths.ts";
import type { LoadedCampaign } from "../infra/workspace/open-campaign.ts";
import { findCampaign, openCampaign } from "../infra/workspace/open-campaign.ts";
import { checkCampaignData } from "./check-data.ts";
import type { EngineRoom } from "./engine-room.ts";
import { ensureModel } from "./ensure-model.ts";
import { forecastJudging } from "./forecast.ts";
import { acquireLock, lockedError, lockHolder } from "./lock.ts";
import { planCounts, roughSeconds } from "./plan.ts";
import type { Renderer } from "./render/renderer.ts";
import { expectedSeconds, rememberSeconds } from "./timings.ts";

/** One campaign that one process works on. */
export interface Session {
	readonly loaded: LoadedCampaign;
	readonly directory: string;
	readonly fromScratch: boolean;
	/** Insists on a device. */
	readonly device?: DeviceWish;
	/** The command that goes on after a stop. */
	readonly resume: string;
	/** The command that goes on under a higher budget. */
	readonly raise: string;
	readonly signal: AbortSignal;
	readonly renderer: Renderer;
}

/** How long a first guess says a campaign takes, in seconds, and whether that is all of it. */
interface Plan {
	readonly rough: number;
	/** Whether it had begun before: what is in its store is not done again, so its time says little of a whole one. */
	readonly hasBegun: boolean;
}

/**
 * Checks what a campaign reads and whether its folder is free for it, and shows the plan; starts and writes nothing.
 *
 * @throws {DnoError} What would keep the campaign from running.
 */
export async function planCampaign({ loaded, directory, fromScratch, renderer }: PlanInput): Promise<Plan> {
	const { name, config } = loaded;
	const sizes = await checkCampaignData(config, { fromScratch });
	const counts = planCounts(config, sizes);
	const holder = lockHolder(directory);
	if (holder !== undefined) throw lockedError(directory, holder);
	const begun = await findCampaign(directory, loaded, fromScratch);
	const rough = roughSeconds(config, counts, sizes.parameters);
	const judging = await forecastJudging(config, counts);
	renderer.show({
		event: "plan",
		campaign: name,
		directory,
		config,
		counts,
		...(judging && { judging }),
		expectedSeconds: await expectedSeconds(name, rough),
	});
	return { rough, hasBegun: begun !== undefined };
}

type PlanInput = Pick<Session, "loaded" | "directory" | "fromScratch" | "renderer">;

/**
 * Runs a campaign in its folder, or goes on with the one that is there.
 *
 * @throws {DnoError} What kept it from running, or ended it.
 */
export async function runSession(session: Session, room: EngineRoom): Promise<Outcome> {
	const { loaded, directory, fromScratch, device, resume, raise, signal, renderer } = session;
	try {
		if (!fromScratch) await ensureModel(loaded, { renderer, signal });
	} catch (error) {
		if (!signal.aborted) throw error;
		renderer.show({ event: "stopped", finishedIterations: 0, resume });
		return "stopped";
	}
	const { rough, hasBegun } = await planCampaign(session);
	await mkdir(directory, { recursive: true });
	const release = acquireLock(directory);
	process.once("exit", release);
	try {
		// Of killed runs: this one alone writes here now.
		await removeTemporaries(directory);
		const file = await openCampaign(directory, loaded, fromScratch);
		const { id, createdAt } = file;
		const begun = performance.now();
		let finishedIterations = 0;
		const running = room.runCampaign({
			id,
			createdAt,
			config: loaded.config,
			// `quick` has been applied: what it would do is no part of the campaign.
			portable: { ...relativePaths(loaded.config, dirname(loaded.file)), quick: {} },
			folder: dirname(loaded.file),
			directory,
			places: placesOf(directory, file),
			fromScratch,
			...(device && { device }),
			signal,
			emit: (event) => {
				if (event.event === "resumed") finishedIterations = event.finishedIterations;
				if (event.event === "iteration") finishedIterations = event.iteration;
				const goOn = event.event === "paused" && { resume: event.kind === "ceiling" ? raise : resume };
				renderer.show({ ...event, ...goOn });
			},
		});
		const outcome = await running.catch((error: unknown) => {
			// What breaks off in the middle of a stop is the stop's doing, unless it says what is wrong.
			if (!signal.aborted || error instanceof DnoError) throw error;
			return "stopped" as const;
		});
		if (outcome === "stopped" || outcome === "ended") {
			renderer.show({ event: "stopped", finishedIterations, resume });
			return outcome;
		}
		// What it waits for has been shown as it came.
		if (outcome === "paused") return outcome;
		const seconds = (performance.now() - begun) / 1000;
		const json = join(directory, "report.json");
		const best = await bestIteration(json);
		renderer.show({ event: "finished", report: join(directory, "report.html"), json, best, seconds });
		if (!hasBegun) await rememberSeconds(loaded.name, rough, seconds);
		return outcome;
	} finally {
		process.off("exit", release);
		release();
	}
}

async function bestIteration(json: string): Promise<number> {
	const { campaign } = JSON.parse(await readFile(json, "utf8")) as { campaign: { best: number } };
	return campaign.best;
}
