import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { readConfig } from "../../activities/datasets/read-config.ts";
import { amendedSpec } from "../../activities/operations/create-operation-activities.ts";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";
import { standingOf } from "../../core/operations.ts";
import { type SteeringSet, specAt, withValues } from "../../core/steering.ts";
import { prepareCampaign } from "../campaign/prepare.ts";
import { CAMPAIGN_FILE, type CampaignFile, configOf, placesOf, storeKey } from "./campaign-file.ts";
import { absolutePaths } from "./config-paths.ts";
import type { FoundCampaign } from "./find-campaign.ts";
import { openJournal, openStore } from "./open-store.ts";
import { shareCampaign } from "./shared-campaigns.ts";
import { findWorkspace } from "./workspace.ts";

export interface Fork {
	/** Iterations that it has in common with its parent. */
	readonly fromIteration: number;
	/** Config values from the next iteration on. */
	readonly set: SteeringSet;
	/** The new campaign's own folder, absolute. */
	readonly directory: string;
}

/**
 * Makes a campaign that is another one up to an iteration, and goes its own way from there. It shares the parent's store, where it
 * finds the steps that they have in common; nothing is copied, and nothing is done until it is started.
 *
 * @throws {DnoError} The folder holds a campaign already, or is outside of the parent's pool, the parent has not got so far, or nothing would be different.
 */
export async function forkCampaign(parent: FoundCampaign, fork: Fork): Promise<CampaignFile> {
	const { fromIteration, set, directory } = fork;
	const { file } = parent;
	if (existsSync(join(directory, CAMPAIGN_FILE)))
		throw new DnoError({
			what: "a campaign is there already",
			where: directory,
			mend: "Give another folder with --out",
		});
	// Its workers look for it nowhere else.
	if (file.queues !== undefined && (await findWorkspace(dirname(directory)))?.id !== file.queues)
		throw new DnoError({
			what: "a fork of a pool's campaign has its folder in the pool's workspace",
			where: "--out",
			got: directory,
			mend: `Name a folder in ${dirname(parent.directory)}, or leave --out out`,
			kind: "usage",
		});
	if (file.folder === undefined)
		throw new DnoError({
			what: "the campaign does not say where its config file is",
			where: join(parent.directory, CAMPAIGN_FILE),
			mend: "Begin another campaign from the config file",
		});
	const { store: storeFolder, journal: parentJournal } = placesOf(parent.directory, file);
	const store = openStore(storeFolder);
	const portable = configOf(file, parent.directory);
	const created: CampaignFile = {
		...file,
		id: `${portable.name}-${randomBytes(4).toString("hex")}`,
		createdAt: new Date().toISOString(),
		store: storeKey(directory, storeFolder),
	};
	const spec = await prepareCampaign(store, {
		id: created.id,
		config: absolutePaths(portable, file.folder),
		portable: { ...portable, quick: {} },
		fromScratch: file.fromScratch,
	});
	const inherited = (await openJournal(parentJournal).read()).filter(
		(each) =>
			(each.kind === "steer" && each.from <= fromIteration) ||
			(each.kind === "approve" && each.iteration <= fromIteration),
	);
	const before = await readConfig(store, specAt(spec, standingOf(inherited).amendments, fromIteration).config);
	const changed = withValues(before, set);
	if (!changed.success) {
		const what = changed.error.issues[0]?.message ?? "the config will not do";
		throw new DnoError({ what, where: "--set", got: set, mend: "Give values that the config takes", kind: "usage" });
	}
	if (changed.data.iterations <= fromIteration)
		throw new DnoError({
			what: `the campaign has ${changed.data.iterations} iterations, so that none is left to be different`,
			where: "--from-iteration",
			got: fromIteration,
			mend: `Fork from an earlier one, or add --set iterations=${fromIteration + 1}`,
			kind: "usage",
		});
	// The journal first: a campaign file is what makes the folder a campaign.
	const journal = openJournal(placesOf(directory, created).journal);
	for (const operation of inherited) await journal.append(operation);
	await journal.append({
		schemaVersion: 1,
		at: created.createdAt,
		kind: "steer",
		from: fromIteration + 1,
		set,
		spec: await amendedSpec(store, spec, changed.data, (text) =>
			store.put(text, { step: "fork", inputs: { campaign: created.id } }),
		),
	});
	await writeFileAtomic(join(directory, CAMPAIGN_FILE), `${JSON.stringify(created, undefined, "\t")}\n`);
	await shareCampaign(created);
	return created;
}
