import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CampaignConfig } from "../../core/config.ts";
import { DnoError } from "../../core/errors.ts";
import type { CampaignEvent } from "../../core/events.ts";
import { chooseDevice } from "../../gpu-worker/engines/onnx/choose-device.ts";
import { type DeviceWish, deviceLine } from "../../gpu-worker/engines/onnx/device.ts";
import { createOnnxEngine } from "../../gpu-worker/engines/onnx/index.ts";
import { pretrain } from "../../gpu-worker/pretrain.ts";

/** Makes a campaign's initial policy outside a campaign, for `dno pretrain`: the same bits as `--from-scratch` makes. */
export async function runPretrain(job: {
	readonly config: CampaignConfig;
	readonly folder: string;
	readonly out: string;
	/** Insists on a device. */
	readonly device?: DeviceWish;
	readonly emit: (event: CampaignEvent) => void;
	readonly signal: AbortSignal;
}): Promise<void> {
	const { config, folder, out, emit, signal } = job;
	if (config.policy.fromScratch === undefined) {
		const mend = "Add architecture, tokenizer, demonstrations and training";
		throw new DnoError({ what: "the config does not say how to make a policy", where: "policy.fromScratch", mend });
	}
	const chosen = await chooseDevice(job.device);
	emit({ event: "setup", text: `Computing on ${deviceLine(chosen)}` });
	const work = await mkdtemp(join(tmpdir(), "dno-pretrain-"));
	try {
		await pretrain(
			createOnnxEngine({ threads: config.engine.threads, device: chosen.device }),
			config.policy.fromScratch,
			{ seed: config.seed, folder, outDir: out, work },
			{
				signal,
				onProgress: (done, total) =>
					emit({ event: "progress", iteration: 0, line: "dno", stage: "pretrain", done, total, unit: "steps" }),
			},
		);
	} finally {
		await rm(work, { recursive: true, force: true });
	}
}
