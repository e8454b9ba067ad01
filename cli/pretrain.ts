import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { DnoError } from "../core/errors.ts";
import { checkFromScratch } from "./check-data.ts";
import { deviceWish } from "./device-option.ts";
import { type EngineRoom, engineRoom } from "./engine-room.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { loadCampaign } from "./load-campaign.ts";
import { createRenderer } from "./render/create-renderer.ts";
import { shortPath } from "./render/event-text.ts";
import { RUN_ARGS } from "./run-options.ts";
import { parseStrictly, wholeNumber } from "./strict-args.ts";

const { campaign, seed, set, device, json, debug } = RUN_ARGS;
const PRETRAIN_ARGS = {
	campaign,
	out: { type: "string", valueHint: "dir", required: true, description: "Where the model folder is written" },
	seed,
	set,
	device,
	json,
	debug,
} as const satisfies ArgsDef;

export const pretrain = defineCommand({
	meta: { name: "pretrain", description: "Make a campaign's initial policy from scratch, as policy.fromScratch says" },
	args: PRETRAIN_ARGS,
	run: ({ rawArgs }) => pretrainCommand(rawArgs, engineRoom),
});

/**
 * `dno pretrain`.
 *
 * @returns The exit code.
 * @throws {DnoError} What was asked for cannot be done, or failed.
 */
async function pretrainCommand(rawArgs: readonly string[], room: EngineRoom): Promise<number> {
	const args = parseStrictly("dno pretrain", rawArgs, PRETRAIN_ARGS, ["set"]);
	const target = args.options.get("out")?.[0];
	if (target === undefined)
		throw new DnoError({
			what: "--out is missing",
			where: "dno pretrain",
			mend: "Name a folder to write",
			kind: "usage",
		});
	const wish = deviceWish(args);
	const seedWanted = wholeNumber(args, "seed", 0);
	const { file, config } = await loadCampaign(args.positionals[0]!, {
		set: args.options.get("set") ?? [],
		quick: false,
		...(seedWanted !== undefined && { seed: seedWanted }),
	});
	await checkFromScratch(config);
	const out = resolve(target);
	await refuseToOverwrite(out);
	const renderer = createRenderer(args.options.has("json"));
	const interrupt = listenForInterrupt(() => renderer.note("Stopping. Press Ctrl-C again to leave at once."));
	try {
		const { signal } = interrupt;
		const job = { config, folder: dirname(file), out, signal, ...(wish && { device: wish }) };
		await room.runPretrain({ ...job, emit: (event) => renderer.show(event) }).catch((error: unknown) => {
			if (!signal.aborted) throw error;
		});
		if (signal.aborted) return interrupt.exitCode();
		renderer.note(`The initial policy is in ${shortPath(out)}`);
		return 0;
	} finally {
		interrupt.dispose();
		renderer.close();
	}
}

// Campaigns may have begun from the model that is there.
async function refuseToOverwrite(out: string): Promise<void> {
	const weights = join(out, "model.safetensors");
	if ((await stat(weights).catch(() => undefined)) === undefined) return;
	throw new DnoError({
		what: "there is a model already",
		where: out,
		mend: "Choose another folder, or delete this one first",
		kind: "usage",
	});
}
