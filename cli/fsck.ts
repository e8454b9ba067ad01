import { relative } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { checkLedger } from "../activities/oracle/calls/check-ledger.ts";
import { checkSegments } from "../activities/oracle/calls/check-segments.ts";
import { checkVerdicts } from "../activities/oracle/calls/check-verdicts.ts";
import { type Checked, checkStore, type Problem } from "../activities/store/check-store.ts";
import { isS3 } from "../activities/store/s3/location.ts";
import { DnoError } from "../core/errors.ts";
import { openFiles } from "../infra/workspace/open-store.ts";
import { reopenCampaigns } from "../infra/workspace/reopen-campaigns.ts";
import { placesIn, writerOf } from "./places.ts";
import { count, size } from "./render/format.ts";
import { parseStrictly } from "./strict-args.ts";

const ARGS = {
	campaign: {
		type: "positional",
		required: false,
		description: "Folder of one campaign, e.g. dno fsck runs/my-campaign --repair; by default all",
	},
	workspace: { type: "string", valueHint: "DIR", description: "Folder of campaigns (default: runs)" },
	repair: { type: "boolean", description: "Move what is damaged away, so that the next run does it again" },
	json: { type: "boolean", description: "Print what is wrong as JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const fsck = defineCommand({
	meta: { name: "fsck", description: "Check every byte of what campaigns have stored; exits 1 where one is wrong" },
	args: ARGS,
	run: ({ rawArgs }) => runFsck(rawArgs, (text) => process.stdout.write(text)),
});

/**
 * `dno fsck`.
 *
 * @returns The exit code: 1 where something was wrong, repaired or not.
 * @throws {DnoError} There is nothing of this name, or a campaign that runs was to be repaired.
 */
export async function runFsck(rawArgs: readonly string[], print: (text: string) => void): Promise<number> {
	const args = parseStrictly("dno fsck", rawArgs, ARGS);
	const repair = args.options.has("repair");
	const places = await placesIn("dno fsck", args);
	const writer = repair ? await writerOf(places) : undefined;
	if (writer !== undefined) {
		const mend = "Stop it first, or leave --repair out";
		throw new DnoError({ what: `process ${writer.pid} may be writing`, where: writer.directory, mend });
	}
	const checks: Checked[] = [];
	const reopened: string[] = [];
	for (const store of places.stores) {
		const checked = await checkStore(openFiles(store), repair);
		checks.push(checked);
		if (repair) reopened.push(...(await reopenCampaigns(store, places, checked.problems)));
	}
	for (const place of places.verdicts) checks.push(await checkVerdicts(openFiles(place), repair));
	for (const { ledger } of places.campaigns)
		checks.push(await (isS3(ledger) ? checkSegments(openFiles(ledger), repair) : checkLedger(ledger, repair)));
	const total = (key: "files" | "bytes") => checks.reduce((sum, each) => sum + each[key], 0);
	const summary = {
		files: total("files"),
		bytes: total("bytes"),
		problems: checks.flatMap(({ problems }) => problems),
	};
	if (args.options.has("json")) print(`${JSON.stringify({ ...summary, repair, reopened })}\n`);
	else print(`${fsckLines(summary, repair, reopened).join("\n")}\n`);
	return summary.problems.length === 0 ? 0 : 1;
}

function fsckLines({ files, bytes, problems }: Checked, repair: boolean, reopened: readonly string[]): string[] {
	const lines = problems.flatMap(({ path, what, movedTo }: Problem) => [
		`${short(path)}: ${what}`,
		...(movedTo === undefined ? [] : [`  moved to ${short(movedTo)}`]),
	]);
	const checked = `${count(files)} files, ${size(bytes)} checked`;
	if (problems.length === 0) return [`${checked}: all is well`];
	const mend = repair ? "run the campaign again: what is missing is done again" : "mend it with dno fsck --repair";
	const unfinished = reopened.map((id) => `${id} had finished, and counts as unfinished until it has run again`);
	return [...lines, "", ...unfinished, `${checked}: ${count(problems.length)} wrong; ${mend}`];
}

function short(path: string): string {
	return isS3(path) ? path : relative(process.cwd(), path);
}
