import { existsSync, readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KilledCampaign } from "./killed-campaign.ts";

/** Whom to kill, and where that matters, at what. */
export type Victim = "server" | "control" | "judge" | "sampling" | "training" | "checkpoint";

const ACTIVITIES: Readonly<Partial<Record<Victim, readonly string[]>>> = {
	judge: ["judgeChunk", "judgeCall"],
	sampling: ["sampleCandidates"],
	training: ["trainPolicy"],
	checkpoint: ["trainPolicy"],
};

/** One kill -9. */
export interface Kill {
	/** In words: whom, when and at what. */
	readonly point: string;
	/** Of `performance.now()`. */
	readonly at: number;
}

/**
 * Kills a process of the pool when it is at what it is to be killed at.
 *
 * @returns undefined where the campaign ended before
 */
export async function kill(campaign: KilledCampaign, victim: Victim, delayMs: number): Promise<Kill | undefined> {
	const activities = ACTIVITIES[victim];
	for (;;) {
		if (await campaign.hasEnded()) return undefined;
		if (activities === undefined) {
			await sleep(delayMs);
			if (await campaign.hasEnded()) return undefined;
			const text = await campaign.describe();
			return strike(campaign, victim, await campaign.living(victim), text);
		}
		const target = await campaign.findStep(activities);
		if (target === undefined) {
			await sleep(20);
			continue;
		}
		const { pid, text } = target;
		if (victim !== "checkpoint") return strike(campaign, victim, pid, text);
		if (!(await whenWriting(join(campaign.directory, "work"), () => process.kill(pid, "SIGKILL")))) continue;
		const at = performance.now();
		return { point: `${campaign.seconds(at)} checkpoint, half-written: ${text}`, at };
	}
}

function strike(campaign: KilledCampaign, victim: Victim, pid: number, text: string): Kill {
	process.kill(pid, "SIGKILL");
	const at = performance.now();
	return { point: `${campaign.seconds(at)} ${victim}: ${text}`, at };
}

/** How long a training may be without a checkpoint before it is looked for elsewhere. */
const PATIENCE_MS = 3_000;

/** Calls back, at once, while a checkpoint is being written; false where none is. */
async function whenWriting(work: string, strike: () => void): Promise<boolean> {
	const folders = existsSync(work) ? readdirSync(work).filter((name) => name.startsWith("train-")) : [];
	const watched = folders.map((name) => join(work, name, "checkpoints")).filter((folder) => existsSync(folder));
	if (watched.length === 0) {
		await sleep(10);
		return false;
	}
	return new Promise<boolean>((resolve) => {
		const watchers = watched.map((folder) =>
			watch(folder, (_, name) => {
				if (name?.endsWith(".tmp") !== true || !existsSync(join(folder, name))) return;
				strike();
				// Renamed in the same moment: the kill came when it was whole.
				finish(existsSync(join(folder, name)));
			}),
		);
		const timer = setTimeout(() => finish(false), PATIENCE_MS);
		function finish(isWriting: boolean): void {
			clearTimeout(timer);
			for (const watcher of watchers) watcher.close();
			resolve(isWriting);
		}
	});
}
