import { resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { createColors } from "picocolors";
import { normalS3 } from "../activities/store/s3/location.ts";
import type { CampaignConfig } from "../core/config.ts";
import { checkCores, checkDisk, checkMemory, checkNode } from "../infra/doctor/check-machine.ts";
import { checkStore } from "../infra/doctor/check-store.ts";
import { type Finding, wrong } from "../infra/doctor/finding.ts";
import { openStore } from "../infra/workspace/open-store.ts";
import { checkOracle } from "./check-oracle.ts";
import { DEVICE_ARG, deviceWish } from "./device-option.ts";
import { loadCampaign } from "./load-campaign.ts";
import { parseStrictly, type StrictArgs } from "./strict-args.ts";
import { existingWorkspaceOf, STORE_ARG, WORKSPACE_ARG, workspaceFolder } from "./worker/options.ts";

const ARGS = {
	config: {
		type: "positional",
		required: false,
		description: "A campaign's config, whose store and judge are checked",
	},
	workspace: WORKSPACE_ARG,
	store: { ...STORE_ARG, description: "Check this bucket, not the config's or the workspace's store" },
	device: DEVICE_ARG,
	paid: { type: "boolean", description: "Ask each judge one short question, which may cost" },
	json: { type: "boolean", description: "Print the findings as JSON, one a line" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const doctor = defineCommand({
	meta: {
		name: "doctor",
		description: "Check what campaigns need, and say how to mend what is missing, e.g. dno doctor examples/geometry",
	},
	args: ARGS,
	run: ({ rawArgs }) => runDoctor(rawArgs, (text) => process.stdout.write(text)),
});

/**
 * `dno doctor`.
 *
 * @returns The exit code: 0 where campaigns can run, 1 where something is wrong.
 * @throws {DnoError} The arguments make no sense.
 */
export async function runDoctor(rawArgs: readonly string[], print: (text: string) => void): Promise<number> {
	const args = parseStrictly("dno doctor", rawArgs, ARGS);
	const isJson = args.options.has("json");
	// Said here, since picocolors by itself colours a pipe's lines too wherever `CI` is set.
	const colors = createColors(process.stdout.isTTY === true && !process.env.NO_COLOR);
	let isWrong = false;
	const tell = (finding: Finding) => {
		isWrong ||= finding.state === "wrong";
		print(`${isJson ? JSON.stringify(finding) : lineOf(finding, colors)}\n`);
	};
	const wish = deviceWish(args);
	const workspace = workspaceFolder(args);
	const store = args.options.get("store")?.[0];
	const { config, problem } = await configOf(args.positionals[0]);
	for (const finding of [checkNode(), checkCores(), checkMemory()]) tell(finding);
	tell(await checkDisk(workspace).catch((error) => wrong("disk", error)));
	tell(await storeFinding(args, store ?? config?.store));
	// Loaded here, since Temporal and onnxruntime may be what is wrong, which is then a finding.
	tell(
		await import("../infra/doctor/check-temporal.ts").then(
			async ({ checkTemporal }) => checkTemporal(await existingWorkspaceOf(args).catch(() => undefined)),
			(error) => wrong("temporal", error),
		),
	);
	tell(
		await import("../infra/doctor/check-device.ts").then(
			({ checkDevice }) => checkDevice(wish),
			(error) => wrong("device", error),
		),
	);
	for (const finding of problem ? [problem] : await judgeFindings(config, args.options.has("paid"))) tell(finding);
	if (!isJson) print(isWrong ? "\nSomething is wrong: see above.\n" : "\nCampaigns can run here.\n");
	return isWrong ? 1 : 0;
}

/** A campaign's config, or what is wrong with it; neither where none is named. */
async function configOf(path: string | undefined): Promise<{ config?: CampaignConfig; problem?: Finding }> {
	if (path === undefined) return {};
	return await loadCampaign(path, { set: [], quick: false }).then(
		({ config }) => ({ config }),
		(error) => ({ problem: wrong("config", error) }),
	);
}

/** @param named in a bucket, by the command line or the config; else it is the workspace's */
async function storeFinding(args: StrictArgs, named: string | undefined): Promise<Finding> {
	try {
		const workspace = await existingWorkspaceOf(args);
		const store = named === undefined ? workspace?.store : normalS3(named);
		return await checkStore(store ?? resolve(workspaceFolder(args), "store"), openStore);
	} catch (error) {
		return wrong("store", error);
	}
}

async function judgeFindings(config: CampaignConfig | undefined, isPaid: boolean): Promise<Finding[]> {
	if (config === undefined)
		return [
			{ check: "judge", state: "ok", found: "none asked for: name a campaign's config to have its judge checked" },
		];
	const { checkJudges } = await import("../infra/doctor/check-judges.ts");
	return checkJudges(config.oracle, checkOracle, { isPaid });
}

const COLOR_OF = { ok: "green", warning: "yellow", wrong: "red" } as const;

function lineOf({ check, state, found, mend }: Finding, colors: ReturnType<typeof createColors>): string {
	const line = `${colors[COLOR_OF[state]](state.padEnd(8))} ${check.padEnd(10)} ${found}`;
	return mend === undefined ? line : `${line}\n${" ".repeat(20)}→ ${mend}`;
}
