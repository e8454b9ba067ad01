import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { belowS3, isS3, normalS3 } from "../../activities/store/s3/location.ts";
import { type CampaignConfig, campaignConfig } from "../../core/config.ts";
import { DnoError } from "../../core/errors.ts";
import { ledgerFile, verdictsFolder } from "../campaign/folders.ts";

export const CAMPAIGN_FILE = "campaign.json";
/** Below a store in a bucket: a folder a campaign. */
export const REPORTS = "reports";

const campaignFile = z.strictObject({
	schemaVersion: z.literal(1),
	/** The config's name and eight random hex digits; names the workflow. */
	id: z.string(),
	createdAt: z.string(),
	/** As it was when the campaign began, without `quick`, with paths relative to the config file. */
	config: z.record(z.string(), z.json()),
	configSha256: z.string(),
	fromScratch: z.boolean(),
	/** What the campaign's result depends on beside the config, by path relative to the config file. */
	files: z.record(z.string(), z.strictObject({ sha256: z.string(), bytes: z.number(), mtimeMs: z.number() })),
	/** Absolute folder of the config file as the campaign began; a campaign that is named by its own folder is loaded from there. */
	folder: z.string().optional(),
	/** `s3://bucket/prefix`, or the path relative to the campaign's folder, `store` by default; campaigns of a pool share one. */
	store: z.string().optional(),
	/** Prefix of the task queues, by default the id; a pool's campaigns are all on the queues of their workspace. */
	queues: z.string().optional(),
});
/** What a campaign's folder says about the campaign in it. */
export type CampaignFile = z.infer<typeof campaignFile>;

/**
 * The campaign file of a folder; undefined when no campaign has begun there.
 *
 * @throws {DnoError} It is damaged, or of another version.
 */
export async function readCampaignFile(directory: string): Promise<CampaignFile | undefined> {
	const file = join(directory, CAMPAIGN_FILE);
	let text: string;
	try {
		text = await readFile(file, "utf8");
	} catch (error) {
		if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
		throw error;
	}
	return parseCampaignFile(file, text);
}

/** Throws like {@link readCampaignFile}. */
export function parseCampaignFile(file: string, text: string): CampaignFile {
	try {
		return campaignFile.parse(JSON.parse(text));
	} catch (cause) {
		throw new DnoError({
			what: "not a campaign file of this version, or damaged",
			where: file,
			mend: "Restore it, or move the folder away; --out begins a new campaign elsewhere",
			cause,
		});
	}
}

/**
 * The config that a campaign began with, with the defaults of this version; paths stay relative to the config file.
 *
 * @throws {DnoError} This version does not know such a config.
 */
export function configOf(file: CampaignFile, directory: string): CampaignConfig {
	const parsed = campaignConfig.safeParse(file.config);
	if (parsed.success) return parsed.data;
	throw new DnoError({
		what: "the campaign's config is none that this version of dno knows",
		where: join(directory, CAMPAIGN_FILE),
		got: parsed.error.issues[0]?.message,
		mend: "Go on with the version that it began with",
		cause: parsed.error,
	});
}

/** Where a campaign's things are, as absolute paths, or addresses in a bucket. */
export interface CampaignPlaces {
	readonly directory: string;
	readonly store: string;
	readonly ledger: string;
	/** What operators did to it. */
	readonly journal: string;
	/** Where its report is put beside the folder's: for who cannot see the machine that writes it. Absent where the store is a folder. */
	readonly published?: string;
	/** Shared by all campaigns beside it, or in the same bucket. */
	readonly verdicts: string;
	readonly policies: string;
	/** Checkpoints and what else is in the making. */
	readonly work: string;
	/** Where checkpoints are kept too, if machines do not share `work`. */
	readonly checkpoints?: string;
}

/** @param file where none is given, of a folder in which a file was judged */
export function placesOf(directory: string, file?: Pick<CampaignFile, "id" | "store">): CampaignPlaces {
	const { store = "store" } = file ?? {};
	const inBucket = file !== undefined && isS3(store);
	return {
		directory,
		store: inBucket ? normalS3(store) : resolve(directory, store),
		// Workers of several machines reserve under one ceiling and find each other's verdicts.
		ledger: inBucket ? belowS3(store, `ledgers/${file.id}`) : ledgerFile(directory),
		// Whichever machine goes on with the campaign holds to it.
		journal: inBucket ? belowS3(store, `operations/${file.id}`) : join(directory, "operations.jsonl"),
		...(inBucket && { published: belowS3(store, `${REPORTS}/${file.id}`) }),
		verdicts: inBucket ? belowS3(store, "verdicts") : verdictsFolder(directory),
		policies: join(directory, "policies"),
		work: join(directory, "work"),
		...(inBucket && { checkpoints: belowS3(store, `checkpoints/${file.id}`) }),
	};
}

/** What a campaign file says of a store at this absolute path or address. */
export function storeKey(directory: string, store: string): string {
	return isS3(store) ? store : relative(directory, store).replaceAll("\\", "/");
}

/** Where a campaign's costs are kept, or those of a file that was judged. */
export async function ledgerOf(directory: string): Promise<string> {
	return placesOf(directory, await readCampaignFile(directory)).ledger;
}

/** The prefix of a campaign's task queues, see `taskQueues`. */
export function queuePrefix({ id, queues }: Pick<CampaignFile, "id" | "queues">): string {
	return queues ?? id;
}
