import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { hashJson } from "../../activities/store/hash-json.ts";
import { normalS3 } from "../../activities/store/s3/location.ts";
import { canonicalJson } from "../../core/canonical-json.ts";
import { type CampaignConfig, campaignConfig } from "../../core/config.ts";
import { DnoError } from "../../core/errors.ts";
import { CAMPAIGN_FILE, type CampaignFile, readCampaignFile } from "./campaign-file.ts";
import { differences } from "./config-difference.ts";
import { relativePath, relativePaths } from "./config-paths.ts";
import { type FileHash, hashFile, inputFiles } from "./hash-files.ts";
import { shareCampaign } from "./shared-campaigns.ts";

/** A campaign's config, checked. */
export interface LoadedCampaign {
	/** The config file, absolute. */
	readonly file: string;
	readonly name: string;
	/** With defaults filled in, overrides applied and paths made absolute. */
	readonly config: CampaignConfig;
	/** Where it was named by its own folder instead of a config file. */
	readonly begun?: { readonly directory: string; readonly fromScratch: boolean };
}

/** What a campaign file says of a campaign that a pool's workers run. */
export type PoolKeys = Required<Pick<CampaignFile, "folder" | "store" | "queues">>;

/**
 * The campaign a folder holds; undefined when none has begun there.
 *
 * @throws {DnoError} It is damaged, or the config or a file has changed since the campaign began.
 */
export async function findCampaign(
	directory: string,
	loaded: LoadedCampaign,
	fromScratch: boolean,
): Promise<CampaignFile | undefined> {
	const begun = await readCampaignFile(directory);
	if (begun !== undefined) refuseChanges(begun, await describe(loaded, fromScratch, begun.files), directory);
	return begun;
}

/**
 * Finds the campaign a folder holds, or begins one there.
 *
 * @param pool for a campaign that a pool's workers run, with its id where that is not to be drawn; without it, the campaign is
 * embedded in its one process
 * @throws {DnoError} Like {@link findCampaign}, or the campaign is one of the other way to run.
 */
export async function openCampaign(
	directory: string,
	loaded: LoadedCampaign,
	fromScratch: boolean,
	pool?: PoolKeys & Partial<Pick<CampaignFile, "id">>,
): Promise<CampaignFile> {
	const begun = await findCampaign(directory, loaded, fromScratch);
	if (begun !== undefined) {
		refuseOtherWay(begun, directory, pool);
		await shareCampaign(begun);
		return begun;
	}
	const store = loaded.config.store === undefined ? undefined : normalS3(loaded.config.store);
	if (pool !== undefined && store !== undefined && store !== pool.store)
		throw new DnoError({
			what: "the config names another store than the one that the workspace's campaigns share",
			where: "store",
			got: store,
			mend: "Leave it out of the config, or start a workspace with this --store",
		});
	const created: CampaignFile = {
		schemaVersion: 1,
		id: `${loaded.name}-${randomBytes(4).toString("hex")}`,
		createdAt: new Date().toISOString(),
		...(await describe(loaded, fromScratch, {})),
		folder: dirname(loaded.file),
		...(store !== undefined && { store }),
		...pool,
	};
	await writeFileAtomic(join(directory, CAMPAIGN_FILE), `${JSON.stringify(created, undefined, "\t")}\n`);
	await shareCampaign(created);
	return created;
}

// Its finished steps are in another store and its workflow on another server: all of it would be done again.
function refuseOtherWay({ queues }: CampaignFile, directory: string, pool: PoolKeys | undefined): void {
	if (queues === pool?.queues) return;
	const begun = queues === undefined ? "by dno run" : "in a workspace's pool";
	throw new DnoError({
		what: `the campaign here began ${begun}`,
		where: directory,
		mend: queues === undefined ? "Go on with dno run, or name another folder with --out" : "Go on with dno start",
	});
}

type Description = Pick<CampaignFile, "config" | "configSha256" | "fromScratch" | "files">;

async function describe(
	{ file, config }: LoadedCampaign,
	fromScratch: boolean,
	known: Readonly<Record<string, FileHash>>,
): Promise<Description> {
	const folder = dirname(file);
	// What `quick` would change is of no matter to a campaign that began without it, and is applied in one that began with.
	const { quick: _, ...rest } = relativePaths(config, folder);
	const kept = JSON.parse(canonicalJson(rest)) as CampaignFile["config"];
	const configSha256 = hashJson(kept);
	const files: Record<string, FileHash> = {};
	for (const input of await inputFiles(config, fromScratch)) {
		const name = relativePath(input, folder);
		files[name] = await hashFile(input, known[name]);
	}
	return { config: kept, configSha256, fromScratch, files };
}

function refuseChanges(begun: CampaignFile, now: Description, directory: string): void {
	const keys = differences(
		{ ...withDefaults(begun.config), "--from-scratch": begun.fromScratch },
		{ ...now.config, "--from-scratch": now.fromScratch },
	).map(({ key, before, after }) => `${key} was ${show(before)}, is ${show(after)}`);
	// A file that is named now and was not is a changed path, said above.
	const contents = Object.entries(begun.files)
		.filter(([name, { sha256 }]) => now.files[name] !== undefined && now.files[name].sha256 !== sha256)
		.map(([name]) => `the content of ${name} has changed`);
	const changes = [...keys, ...contents];
	if (changes.length === 0) return;
	const what =
		keys.length > 0
			? "the config has changed since this campaign began"
			: "a file has changed since this campaign began";
	const isBudget = changes.every((change) => change.startsWith("oracle.budget "));
	throw new DnoError({
		what: `${what}: ${changes.join("; ")}`,
		where: directory,
		mend: isBudget
			? "Undo the change and raise the budget with dno resume --budget"
			: "Undo the change to go on, or begin a new campaign with --out",
	});
}

/** A version of `dno` that knows more keys goes on with a campaign of an older one, with their defaults. */
function withDefaults(config: CampaignFile["config"]): Record<string, unknown> {
	const parsed = campaignConfig.safeParse(config);
	if (!parsed.success) return config;
	const { quick: _, ...rest } = parsed.data;
	return rest;
}

function show(value: unknown): string {
	return value === undefined ? "not set" : JSON.stringify(value);
}
