import { resolve } from "node:path";
import type { ArgsDef } from "citty";
import type { CampaignOperator } from "../../infra/campaign/operate.ts";
import type { CampaignFile } from "../../infra/workspace/campaign-file.ts";
import { type FoundCampaign, findCampaignIn } from "../../infra/workspace/find-campaign.ts";
import { DEFAULT_WORKSPACE } from "../../infra/workspace/workspace.ts";
import { parseStrictly, type StrictArgs } from "../strict-args.ts";

/** What every command on a campaign takes. */
export const CAMPAIGN_ARGS = {
	campaign: { type: "positional", description: "Id or folder of a campaign, e.g. runs/geometry" },
	workspace: {
		type: "string",
		valueHint: "dir",
		description: `Where campaigns are looked for (default: ${DEFAULT_WORKSPACE})`,
	},
	json: { type: "boolean", description: "Print the result as JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export interface Target {
	readonly args: StrictArgs;
	readonly campaign: FoundCampaign;
	readonly id: CampaignFile["id"];
}

/**
 * Reads a command line that names a campaign.
 *
 * @throws {DnoError} The arguments are none that the command takes, or there is no such campaign.
 */
export async function readTarget(
	command: string,
	rawArgs: readonly string[],
	definition: ArgsDef,
	repeatable: readonly string[] = [],
): Promise<Target> {
	const args = parseStrictly(command, rawArgs, definition, repeatable);
	const campaign = await findCampaignIn({ directory: workspaceOf(args) }, args.positionals[0]!);
	return { args, campaign, id: campaign.file.id };
}

/** Acts on a campaign that is under way. Temporal's client, which takes a second to load, is loaded only here. */
export async function operate<T>(campaign: FoundCampaign, use: (operator: CampaignOperator) => Promise<T>): Promise<T> {
	const { operateCampaign } = await import("../../infra/campaign/operate.ts");
	return await operateCampaign(campaign, use);
}

export function workspaceOf(args: StrictArgs): string {
	return resolve(args.options.get("workspace")?.[0] ?? DEFAULT_WORKSPACE);
}

/** Prints a command's result: an object for machines, a line for people. */
export function printResult(args: StrictArgs, result: object, line: string): number {
	process.stdout.write(`${args.options.has("json") ? JSON.stringify(result) : line}\n`);
	return 0;
}
