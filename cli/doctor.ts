import { resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { createColors } from "picocolors";
import type { OracleConfig } from "../core/oracle-config.ts";
import { checkCores, checkDisk, checkMemory, checkNode } from "../infra/doctor/check-machine.ts";
import { checkStore } from "../infra/doctor/check-store.ts";
import { type Finding, wrong } from "../infra/doctor/finding.ts";
import { openStore } from "../infra/workspace/open-store.ts";
import { DEFAULT_WORKSPACE, findWorkspace } from "../infra/workspace/workspace.ts";
import { checkOracle } from "./check-oracle.ts";
import { DEVICE_ARG, deviceWish } from "./device-option.ts";
import { loadCampaign } from "./load-campaign.ts";
import { parseStrictly } from "./strict-args.ts";
import { WORKSPACE_ARG } from "./worker/options.ts";

const ARGS = {
	config: { type: "positional", required: false, description: "A campaign's config, whose judge is checked too" },
	workspace: WORKSPACE_ARG,
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
	const workspace = args.options.get("workspace")?.[0] ?? DEFAULT_WORKSPACE;
	for (const finding of [checkNode(), checkCores(), checkMemory()]) tell(finding);
	tell(await checkDisk(workspace).catch((error) => wrong("disk", error)));
	tell(await storeFinding(workspace));
	// Loaded here, since Temporal and onnxruntime may be what is wrong, which is then a finding.
	tell(
		await import("../infra/doctor/check-temporal.ts").then(
			async ({ checkTemporal }) => checkTemporal(await findWorkspace(workspace).catch(() => undefined)),
			(error) => wrong("temporal", error),
		),
	);
	tell(
		await import("../infra/doctor/check-device.ts").then(
			({ checkDevice }) => checkDevice(wish),
			(error) => wrong("device", error),
		),
	);
	for (const finding of await judgeFindings(args.positionals[0], args.options.has("paid"))) tell(finding);
	if (!isJson) print(isWrong ? "\nSomething is wrong: see above.\n" : "\nCampaigns can run here.\n");
	return isWrong ? 1 : 0;
}

async function storeFinding(directory: string): Promise<Finding> {
	try {
		const workspace = await findWorkspace(directory);
		return await checkStore(workspace?.store ?? resolve(directory, "store"), openStore);
	} catch (error) {
		return wrong("store", error);
	}
}

async function judgeFindings(path: string | undefined, isPaid: boolean): Promise<Finding[]> {
	if (path === undefined)
		return [
			{ check: "judge", state: "ok", found: "none asked for: name a campaign's config to have its judge checked" },
		];
	let oracle: OracleConfig;
	try {
		oracle = (await loadCampaign(path, { set: [], quick: false })).config.oracle;
	} catch (error) {
		return [wrong("config", error)];
	}
	const { checkJudges } = await import("../infra/doctor/check-judges.ts");
	return checkJudges(oracle, checkOracle, { isPaid });
}

const COLOR_OF = { ok: "green", warning: "yellow", wrong: "red" } as const;

function lineOf({ check, state, found, mend }: Finding, colors: ReturnType<typeof createColors>): string {
	const line = `${colors[COLOR_OF[state]](state.padEnd(8))} ${check.padEnd(10)} ${found}`;
	return mend === undefined ? line : `${line}\n${" ".repeat(20)}→ ${mend}`;
}
