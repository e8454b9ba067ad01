import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic, writeFirstAtomic } from "../../activities/store/atomic-write.ts";
import { campaignConfig } from "../../core/config.ts";
import { DnoError } from "../../core/errors.ts";
import { artifactRef } from "../../core/records.ts";
import type { Workspace } from "../workspace/workspace.ts";

const policyRef = z.strictObject({ name: z.string(), manifest: artifactRef });

const scheduleFile = z.strictObject({
	schemaVersion: z.literal(1),
	createdAt: z.string(),
	/** Absolute folder of the config file. */
	folder: z.string(),
	/** As it was when the schedule was made, with paths relative to `folder`. */
	config: campaignConfig,
	/** At most so many a night. */
	iterations: z.int().positive(),
	/** A cron line in UTC, or how often, e.g. `24h`. */
	times: z.union([z.strictObject({ cron: z.string() }), z.strictObject({ every: z.string() })]),
	overlap: z.enum(["skip", "buffer-one", "cancel-other", "allow-all"]),
	/** A time that was missed is made up for within so many milliseconds. */
	catchUpMs: z.int().positive(),
});
/** `<workspace>/schedules/<name>/schedule.json`: what the nights of a schedule are made from. */
export type ScheduleFile = z.infer<typeof scheduleFile>;

const nightFile = z.strictObject({
	schemaVersion: z.literal(1),
	number: z.int().positive(),
	/** First run of the workflow that took this number. */
	run: z.string(),
	campaign: z.string(),
	preparedAt: z.string(),
	iterations: z.int().positive(),
	/** Tonight's training prompts. */
	prompts: artifactRef,
	/** Absent where it is the one that the config names. */
	initialPolicy: policyRef.optional(),
});
/** `nights/<n>.json`: what a night was given, written once by whoever takes the number first. */
export type NightFile = z.infer<typeof nightFile>;

const endFile = z.strictObject({
	schemaVersion: z.literal(1),
	endedAt: z.string(),
	state: z.enum(["finished", "stopped", "failed"]),
	finishedIterations: z.int().nonnegative(),
	policy: policyRef.optional(),
});
/** `nights/<n>.end.json`: what came of it. */
export type EndFile = z.infer<typeof endFile>;

export interface Night extends NightFile {
	readonly end?: EndFile;
}

type Place = Pick<Workspace, "directory">;

function folderOf({ directory }: Place, name: string): string {
	return join(directory, "schedules", name);
}

function fileOf(workspace: Place, name: string): string {
	return join(folderOf(workspace, name), "schedule.json");
}

/** Names of a workspace's schedules. */
export async function scheduleNames(workspace: Place): Promise<string[]> {
	const names = await entriesOf(join(workspace.directory, "schedules"));
	const files = await Promise.all(names.map((name) => readScheduleFile(workspace, name)));
	return names.filter((_, i) => files[i] !== undefined);
}

/** The schedule of a name; undefined where there is none. @throws {DnoError} Its file is damaged. */
export async function readScheduleFile(workspace: Place, name: string): Promise<ScheduleFile | undefined> {
	return await readJson(fileOf(workspace, name), scheduleFile);
}

export async function writeScheduleFile(workspace: Place, name: string, file: ScheduleFile): Promise<void> {
	await writeFileAtomic(fileOf(workspace, name), `${JSON.stringify(file, undefined, "\t")}\n`);
}

/** Removes a schedule; its nights stay, so that one of the same name goes on after them. */
export async function removeScheduleFile(workspace: Place, name: string): Promise<void> {
	await rm(fileOf(workspace, name), { force: true });
}

/** All nights of a schedule, first one first. @throws {DnoError} A file is damaged. */
export async function readNights(workspace: Place, name: string): Promise<Night[]> {
	const folder = join(folderOf(workspace, name), "nights");
	const numbers = (await entriesOf(folder)).flatMap((entry) => /^(\d+)\.json$/.exec(entry)?.[1] ?? []).map(Number);
	const sorted = numbers.toSorted((a, b) => a - b);
	return await Promise.all(
		sorted.map(async (number) => {
			const night = (await readJson(join(folder, `${number}.json`), nightFile))!;
			const end = await readJson(join(folder, `${number}.end.json`), endFile);
			return { ...night, ...(end && { end }) };
		}),
	);
}

/** Campaigns whose steps the next nights of a workspace come from, whether their folders are there or not. */
export async function campaignsOfNights(workspace: Place): Promise<string[]> {
	const names = await entriesOf(join(workspace.directory, "schedules"));
	const nights = await Promise.all(names.map((name) => readNights(workspace, name)));
	return nights.flatMap((each) => {
		// One that finished no iteration has its policy from an earlier one.
		const last = each.findLastIndex(({ end }) => (end?.finishedIterations ?? 0) > 0);
		return each.slice(Math.max(0, last)).map(({ campaign }) => campaign);
	});
}

/** Takes a night's number, unless another run has it. */
export async function takeNight(workspace: Place, name: string, night: NightFile): Promise<void> {
	const file = join(folderOf(workspace, name), "nights", `${night.number}.json`);
	await writeFirstAtomic(file, `${JSON.stringify(night, undefined, "\t")}\n`);
}

export async function endNight(workspace: Place, name: string, number: number, end: EndFile): Promise<void> {
	const file = join(folderOf(workspace, name), "nights", `${number}.end.json`);
	await writeFileAtomic(file, `${JSON.stringify(end, undefined, "\t")}\n`);
}

async function entriesOf(folder: string): Promise<string[]> {
	const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return [];
		throw error;
	});
	return entries.toSorted();
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
	const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
		throw error;
	});
	if (text === undefined) return undefined;
	try {
		return schema.parse(JSON.parse(text));
	} catch (cause) {
		throw new DnoError({
			what: "not a schedule's file of this version, or damaged",
			where: file,
			mend: "Restore it, or make another schedule under another name",
			cause,
		});
	}
}
