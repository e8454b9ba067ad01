import { relative } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { collectGarbage, type Garbage } from "../activities/store/collect-garbage.ts";
import { isS3 } from "../activities/store/s3/location.ts";
import { DnoError } from "../core/errors.ts";
import { removeOfGone } from "../infra/workspace/gone-campaigns.ts";
import { removeStaleWork, removeTemporariesIn } from "../infra/workspace/leftovers.ts";
import { openFiles } from "../infra/workspace/open-store.ts";
import { livenessIn } from "../infra/workspace/stores.ts";
import { placesIn, writerOf } from "./places.ts";
import { alignColumns } from "./render/columns.ts";
import { count, size } from "./render/format.ts";
import { parseStrictly } from "./strict-args.ts";

const ARGS = {
	campaign: {
		type: "positional",
		required: false,
		description: "Folder of one campaign, e.g. dno gc runs/my-campaign --dry-run; by default all",
	},
	workspace: { type: "string", valueHint: "DIR", description: "Folder of campaigns (default: runs)" },
	grace: { type: "string", valueHint: "AGE", description: "Keep what is younger, e.g. 30m or 2d (default: 1h)" },
	"dry-run": { type: "boolean", description: "Only say what would be removed" },
	json: { type: "boolean", description: "Print what is removed as JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const gc = defineCommand({
	meta: { name: "gc", description: "Remove what no campaign needs any more from the disk" },
	args: ARGS,
	run: ({ rawArgs }) => runGc(rawArgs, (text) => process.stdout.write(text)),
});

/** Well above the time between an artifact's being stored and its step's being recorded, in milliseconds. */
const GRACE_MS = 3_600_000;

/**
 * `dno gc`.
 *
 * @returns The exit code.
 * @throws {DnoError} There is nothing of this name, or a campaign runs and its new files were to be taken.
 */
export async function runGc(rawArgs: readonly string[], print: (text: string) => void): Promise<number> {
	const args = parseStrictly("dno gc", rawArgs, ARGS);
	const graceMs = readAge(args.options.get("grace")?.[0]);
	const dryRun = args.options.has("dry-run");
	const places = await placesIn("dno gc", args);
	const writer = graceMs < GRACE_MS && !dryRun ? await writerOf(places) : undefined;
	if (writer !== undefined) {
		throw new DnoError({
			what: `process ${writer.pid} may be writing: files younger than an hour are not safe to remove`,
			where: writer.directory,
			mend: "Stop it first, or leave --grace out",
		});
	}
	const bucket = places.stores.find(isS3);
	if (graceMs < GRACE_MS && !dryRun && bucket !== undefined) {
		throw new DnoError({
			what: "who writes to a bucket cannot be seen from here: files younger than an hour are not safe to remove",
			where: bucket,
			mend: "Leave --grace out",
		});
	}
	const found: Garbage[][] = [];
	const rules = { before: Date.now() - graceMs, dryRun };
	const folders = new Set([
		...places.campaigns.map(({ directory }) => directory),
		...[...places.stores, ...places.verdicts].filter((place) => !isS3(place)),
	]);
	for (const folder of folders) {
		// A store in a campaign's folder is gone through with it.
		const isInside = [...folders].some((other) => folder.startsWith(`${other}/`));
		if (!isInside) found.push(await removeTemporariesIn(folder, rules));
	}
	for (const campaign of places.campaigns) found.push(await removeStaleWork(campaign, rules));
	for (const store of places.stores) {
		const rules = { isLive: await livenessIn(store), graceMs, dryRun };
		found.push(await collectGarbage(openFiles(store), rules), await removeOfGone(store, rules));
	}
	const garbage = found.flat();
	const bytes = garbage.reduce((sum, each) => sum + each.bytes, 0);
	const removed = garbage.length;
	if (args.options.has("json")) print(`${JSON.stringify({ dryRun, removed, bytes, garbage })}\n`);
	else print(`${gcLines(garbage, bytes, dryRun).join("\n")}\n`);
	return 0;
}

function gcLines(garbage: readonly Garbage[], bytes: number, dryRun: boolean): string[] {
	if (garbage.length === 0) return ["nothing to remove"];
	const rows = garbage.map(({ kind, path, bytes }) => [
		kind,
		size(bytes),
		isS3(path) ? path : relative(process.cwd(), path),
	]);
	return [...alignColumns(rows), "", `${dryRun ? "would remove" : "removed"} ${count(garbage.length)}, ${size(bytes)}`];
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function readAge(text: string | undefined): number {
	if (text === undefined) return GRACE_MS;
	const [, number, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
	if (number !== undefined && unit !== undefined) return Number(number) * UNITS[unit]!;
	throw new DnoError({
		what: "--grace takes a number with s, m, h or d behind it",
		where: "dno gc",
		got: text,
		mend: "Write 30m for half an hour",
		kind: "usage",
	});
}
