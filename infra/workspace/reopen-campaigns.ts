import type { Problem } from "../../activities/store/check-store.ts";
import { belowS3, isS3 } from "../../activities/store/s3/location.ts";
import { type Report, report } from "../../core/report.ts";
import { REPORTS } from "./campaign-file.ts";
import { openFiles } from "./open-store.ts";
import { type Places, usersOf } from "./stores.ts";

/**
 * Says in the reports of campaigns that they have not finished, so that their next run does again what their store has lost: a
 * finished one is not run.
 *
 * @param problems what is wrong with the store; where one does not say whose it is, it is every campaign's that uses the store
 * @returns ids of those that had finished
 */
export async function reopenCampaigns(
	store: string,
	{ campaigns }: Pick<Places, "campaigns">,
	problems: readonly Pick<Problem, "users">[],
): Promise<string[]> {
	const losses = problems.flatMap(({ users }) => (users === undefined ? [] : [users]));
	if (losses.length === 0) return [];
	const users = new Set(losses.flat());
	const isMeant = losses.some(({ length }) => length === 0) ? () => true : (id: string) => users.has(id);

	const places: { readonly id: string; readonly root: string }[] = [];
	for (const { id, directory } of [...campaigns.filter((each) => each.store === store), ...(await usersOf(store))])
		if (id !== undefined) places.push({ id, root: directory });
	// The folders of others are on other machines.
	if (isS3(store))
		for (const id of new Set([...places.map((place) => place.id), ...users]))
			places.push({ id, root: belowS3(store, `${REPORTS}/${id}`) });
	const reopened = new Set<string>();
	for (const { id, root } of places) if (isMeant(id) && (await reopen(root, id))) reopened.add(id);
	return [...reopened];
}

/** @returns whether it had finished */
async function reopen(root: string, id: string): Promise<boolean> {
	const files = openFiles(root);
	const text = await files.read("report.json");
	const said = text === undefined ? undefined : parse(new TextDecoder().decode(text));
	if (said?.campaign.id !== id || said.campaign.status !== "finished") return false;
	const unfinished = { ...said, campaign: { ...said.campaign, status: "running" } };
	await files.write("report.json", `${JSON.stringify(unfinished, undefined, "\t")}\n`);
	return true;
}

/** Undefined where it is damaged: then no run takes the campaign for finished. */
function parse(text: string): Pick<Report, "campaign"> | undefined {
	try {
		const json = JSON.parse(text);
		return report.safeParse(json).success ? json : undefined;
	} catch {
		return undefined;
	}
}
