import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../activities/store/atomic-write.ts";
import { hashJson } from "../activities/store/hash-json.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { campaignConfig } from "../core/config.ts";
import { DnoError } from "../core/errors.ts";
import { differences } from "./config-difference.ts";
import { relativePath, relativePaths } from "./config-paths.ts";
import { type FileHash, hashFile, inputFiles } from "./hash-files.ts";
import type { LoadedCampaign } from "./load-campaign.ts";

const NAME = "campaign.json";

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
});
/** What a campaign's folder says about the campaign in it. */
export type CampaignFile = z.infer<typeof campaignFile>;

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
	const begun = await readCampaignFile(join(directory, NAME));
	if (begun !== undefined) refuseChanges(begun, await describe(loaded, fromScratch, begun.files), directory);
	return begun;
}

/** Finds the campaign a folder holds, or begins one there. */
export async function openCampaign(
	directory: string,
	loaded: LoadedCampaign,
	fromScratch: boolean,
): Promise<CampaignFile> {
	const begun = await findCampaign(directory, loaded, fromScratch);
	if (begun !== undefined) return begun;
	const created: CampaignFile = {
		schemaVersion: 1,
		id: `${loaded.name}-${randomBytes(4).toString("hex")}`,
		createdAt: new Date().toISOString(),
		...(await describe(loaded, fromScratch, {})),
	};
	await writeFileAtomic(join(directory, NAME), `${JSON.stringify(created, undefined, "\t")}\n`);
	return created;
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

async function readCampaignFile(file: string): Promise<CampaignFile | undefined> {
	let text: string;
	try {
		text = await readFile(file, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
	try {
		return campaignFile.parse(JSON.parse(text));
	} catch (cause) {
		throw new DnoError({
			what: "not a campaign file of this version, or damaged",
			where: file,
			mend: "Begin a new campaign with --out",
			cause,
		});
	}
}
