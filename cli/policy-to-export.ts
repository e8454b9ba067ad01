import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { mendPath } from "../activities/datasets/near-names.ts";
import { DnoError } from "../core/errors.ts";
import { LINES, type LineKey } from "../core/events.ts";
import { type Report, report as reportSchema } from "../core/report.ts";
import { INITIAL_POLICY } from "../gpu-worker/policies.ts";
import { loadCampaign } from "./load-campaign.ts";
import { campaignPolicy } from "./restore-policy.ts";

const REPORT = "report.json";
const POLICIES = "policies";

/** A policy that is to be exported, and what its model card is made from. */
export interface ExportedPolicy {
	readonly folder: string;
	/** `geometry-dno-6`, or the folder's name. */
	readonly name: string;
	/** Absent for a folder that is not in a campaign's. */
	readonly origin: { readonly report: Report; readonly line: LineKey; readonly iteration: number } | undefined;
	/** The campaign's initial policy, or the folder itself: names the type of the base's weights, and its licence. */
	readonly baseFolder: string;
}

/**
 * What the command line's ITERATION means: a number (0 is the initial policy) or `best` of a campaign, or a policy folder.
 *
 * @param campaign a campaign's folder, or its config; by default the folder in `runs` that was written to last
 * @throws DnoError where there is no such campaign, iteration or folder
 */
export async function policyToExport(iteration: string, campaign: string | undefined): Promise<ExportedPolicy> {
	if (/^\d+$/.test(iteration) || iteration === "best") {
		return await ofCampaign(iteration, await campaignFolder(campaign));
	}
	if (campaign !== undefined)
		throw new DnoError({
			what: "--campaign goes with an iteration's number or best",
			got: iteration,
			mend: "Leave one of them out",
			kind: "usage",
		});
	return await ofFolder(iteration);
}

async function ofCampaign(iteration: string, directory: string): Promise<ExportedPolicy> {
	const report = await readReport(directory);
	const number = iteration === "best" ? report.campaign.best : Number(iteration);
	const isMean = report.campaign.seeds.length > 1;
	const folder = isMean ? undefined : await campaignPolicy(directory, report, number);
	if (folder === undefined) {
		throw new DnoError({
			what: isMean ? "these are several campaigns, one a seed" : `the campaign has no policy of iteration ${number}`,
			where: directory,
			mend: isMean ? "Name one of their folders with --campaign" : `Choose 0 to ${report.iterations.length}, or best`,
			kind: "usage",
		});
	}
	return describe(folder, directory, report, number);
}

async function ofFolder(path: string): Promise<ExportedPolicy> {
	const folder = resolve(path);
	if (!(await isThere(folder)))
		throw new DnoError({
			what: "no such policy folder",
			where: path,
			mend: await mendPath(folder),
			kind: "usage",
		});
	const directory = dirname(dirname(folder));
	const isOfCampaign = basename(dirname(folder)) === POLICIES && (await isThere(join(directory, REPORT)));
	if (!isOfCampaign) return { folder, name: basename(folder), origin: undefined, baseFolder: folder };
	return describe(folder, directory, await readReport(directory));
}

/** @param iteration of DNO's line; by default what the folder's name says */
async function describe(
	folder: string,
	directory: string,
	report: Report,
	iteration?: number,
): Promise<ExportedPolicy> {
	const known = iteration === 0 ? INITIAL_POLICY : iteration === undefined ? basename(folder) : `dno-${iteration}`;
	const [, line, number] = /^(\w+)-(\d+)$/.exec(known) ?? [undefined, "dno", "0"];
	const isKnown = Object.hasOwn(LINES, line!);
	return {
		folder,
		name: `${report.campaign.name}-${known}`,
		origin: isKnown ? { report, line: line as LineKey, iteration: Number(number) } : undefined,
		baseFolder: (await campaignPolicy(directory, report, 0)) ?? folder,
	};
}

async function campaignFolder(campaign: string | undefined): Promise<string> {
	if (campaign !== undefined) {
		const folder = resolve(campaign);
		if (await isThere(join(folder, REPORT))) return folder;
		const { name } = await loadCampaign(campaign, { set: [], quick: false });
		return resolve("runs", name);
	}
	const runs = resolve("runs");
	const names = await readdir(runs).catch(() => []);
	const found = await Promise.all(
		names.map(async (name) => ({ name, time: (await stat(join(runs, name, REPORT)).catch(() => undefined))?.mtimeMs })),
	);
	const newest = found.filter(({ time }) => time !== undefined).toSorted((a, b) => b.time! - a.time!)[0];
	if (newest !== undefined) return join(runs, newest.name);
	const mend = "Name its folder with --campaign, or run one with dno run";
	throw new DnoError({ what: "there is no campaign with a report", where: runs, mend, kind: "usage" });
}

/** A campaign's report. */
async function readReport(directory: string): Promise<Report> {
	const file = join(directory, REPORT);
	const text = await readFile(file, "utf8").catch((cause) => {
		const mend = "Run the campaign first, or name its folder with --campaign";
		throw new DnoError({ what: "the campaign has no report yet", where: directory, mend, kind: "usage", cause });
	});
	try {
		return reportSchema.parse(JSON.parse(text));
	} catch (cause) {
		const mend = "Run the campaign again: it writes the report anew";
		throw new DnoError({ what: "not a report of this version, or damaged", where: file, mend, cause });
	}
}

/** The licence that the base model's own card names; undefined where it has no card, or the card no licence. */
export async function licenseOf(folder: string): Promise<string | undefined> {
	const text = await readFile(join(folder, "README.md"), "utf8").catch(() => "");
	const [, front] = /^---\r?\n(.*?)\r?\n---/s.exec(text) ?? [];
	if (front === undefined) return undefined;
	const { license } = (parse(front) ?? {}) as { license?: unknown };
	return typeof license === "string" ? license : undefined;
}

async function isThere(path: string): Promise<boolean> {
	return (await stat(path).catch(() => undefined)) !== undefined;
}
