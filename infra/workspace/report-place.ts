import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPORT_FILES } from "../../activities/report/report-files.ts";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";
import { type Report, report as reportSchema } from "../../core/report.ts";
import { placesOf } from "./campaign-file.ts";
import type { FoundCampaign } from "./find-campaign.ts";
import { openFiles } from "./open-store.ts";

/** Where a campaign's report is: its folder, or its bucket, which whatever machine writes the report keeps up to date. */
export function reportPlace({ directory, file }: FoundCampaign): { readonly root: string; readonly isBucket: boolean } {
	const { published } = placesOf(directory, file);
	return { root: published ?? directory, isBucket: published !== undefined };
}

/** Its `report.json`; a bucket's is ahead of the folder's where another machine has gone on with the campaign. Undefined where there is none yet. */
export async function reportText(campaign: FoundCampaign): Promise<string | undefined> {
	const { root, isBucket } = reportPlace(campaign);
	const published = isBucket
		? await openFiles(root)
				.read("report.json")
				.catch(() => undefined)
		: undefined;
	if (published !== undefined) return new TextDecoder().decode(published);
	return await readFile(join(campaign.directory, "report.json"), "utf8").catch(() => undefined);
}

/** Whether a campaign's report says that it has finished. */
export async function hasFinished(campaign: FoundCampaign): Promise<boolean> {
	const text = await reportText(campaign);
	if (text === undefined) return false;
	try {
		const { id, status } = reportSchema.parse(JSON.parse(text)).campaign;
		return id === campaign.file.id && status === "finished";
	} catch {
		// A run writes it anew.
		return false;
	}
}

/**
 * Copies a campaign's report, as of the last iteration that has ended, into a folder.
 *
 * @returns what it says
 * @throws {DnoError} There is none yet, or it is damaged.
 */
export async function copyReport(campaign: FoundCampaign, folder: string): Promise<Report> {
	const { root } = reportPlace(campaign);
	const files = openFiles(root);
	const copies = new Map<string, Uint8Array>();
	for (const name of REPORT_FILES) {
		const bytes = await files.read(name);
		if (bytes === undefined)
			throw new DnoError({
				what: "the campaign has no report yet",
				where: files.pathOf(name),
				mend: "It is there after the first evaluation; dno status says how far the campaign is",
			});
		copies.set(name, bytes);
	}
	const report = parse(copies.get("report.json")!, files.pathOf("report.json"));
	if (folder !== root) for (const [name, bytes] of copies) await writeFileAtomic(join(folder, name), bytes);
	return report;
}

function parse(bytes: Uint8Array, where: string): Report {
	try {
		return reportSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
	} catch (cause) {
		throw new DnoError({
			what: "not a report of this version, or damaged",
			where,
			mend: "Run the campaign again: it writes the report anew",
			cause,
		});
	}
}
