import { join, resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { normalS3 } from "../activities/store/s3/location.ts";
import { findCampaignIn } from "../infra/workspace/find-campaign.ts";
import { copyReport, reportPlace } from "../infra/workspace/report-place.ts";
import { CAMPAIGN_ARGS, printResult, workspaceOf } from "./operate/target.ts";
import { shortPath } from "./render/event-text.ts";
import { parseStrictly } from "./strict-args.ts";
import { existingWorkspaceOf } from "./worker/options.ts";

const { campaign, workspace, json, debug } = CAMPAIGN_ARGS;
const ARGS = {
	campaign: { ...campaign, description: "Id, folder or name of a campaign" },
	workspace,
	store: {
		type: "string",
		valueHint: "s3://…",
		description: "Look in this bucket: nothing of the campaign need be on this machine",
	},
	out: {
		type: "string",
		valueHint: "dir",
		description: "Copy it there (default: reports/<id>, for one that is in a bucket)",
	},
	json,
	debug,
} as const satisfies ArgsDef;

export const reportCommand = defineCommand({
	meta: {
		name: "report",
		description: "Get a campaign's report, from a folder or a bucket, e.g. dno report geometry --store s3://bucket/dno",
	},
	args: ARGS,
	run: ({ rawArgs }) => runReport(rawArgs),
});

/**
 * `dno report`: says where a report is, and brings one that is in a bucket here first.
 *
 * @returns The exit code.
 * @throws {DnoError} There is no such campaign, or it has no report yet.
 */
async function runReport(rawArgs: readonly string[]): Promise<number> {
	const args = parseStrictly("dno report", rawArgs, ARGS);
	const option = (name: string) => args.options.get(name)?.[0];
	const directory = workspaceOf(args);
	const named = option("store");
	const store = named === undefined ? (await existingWorkspaceOf(args))?.store : normalS3(named);
	const found = await findCampaignIn({ directory, ...(store !== undefined && { store }) }, args.positionals[0]!);
	const { root, isBucket } = reportPlace(found);
	const { id } = found.file;
	const out = option("out");
	const folder = out === undefined ? (isBucket ? resolve("reports", id) : root) : resolve(out);
	const { campaign, iterations } = await copyReport(found, folder);
	const page = join(folder, "report.html");
	const { status, best } = campaign;
	const result = { id, report: page, json: join(folder, "report.json"), status, iterations: iterations.length, best };
	return printResult(args, result, `Report: ${shortPath(page)} (${status}, iterations: ${iterations.length})`);
}
