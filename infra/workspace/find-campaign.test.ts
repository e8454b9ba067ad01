import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { campaignOfId, campaignsIn, findCampaignIn } from "./find-campaign.ts";
import { openWorkspace } from "./workspace.ts";

function makeCampaign(workspace: string, folder: string, name: string, id: string): string {
	const directory = join(workspace, folder);
	mkdirSync(directory, { recursive: true });
	const file = {
		...{ schemaVersion: 1, id, createdAt: "2026-01-01T00:00:00Z", config: { name }, configSha256: "" },
		...{ fromScratch: false, files: {} },
	};
	writeFileSync(join(directory, "campaign.json"), JSON.stringify(file));
	return directory;
}

test("several that open a workspace at once get the same one", async () => {
	const folder = join(temporaryFolder(), "runs");
	const ids = await Promise.all(Array.from({ length: 8 }, async () => (await openWorkspace(folder)).id));
	expect(new Set(ids).size).toBe(1);
	expect(ids[0]).toMatch(/^dno-[0-9a-f]{8}$/);
	writeFileSync(join(folder, "workspace.json"), "{}");
	await expect(openWorkspace(folder)).rejects.toThrow("not a workspace file of this version, or damaged");
});

test("a campaign is found by id, folder and a name that is its alone", async () => {
	const directory = temporaryFolder();
	const workspace = { directory, store: join(directory, "store") };
	const one = makeCampaign(workspace.directory, "geometry", "geometry", "geometry-00000001");
	const two = makeCampaign(workspace.directory, "sums/seed-0", "sums", "sums-00000002");
	makeCampaign(workspace.directory, "sums/seed-1", "sums", "sums-00000003");
	makeCampaign(workspace.directory, "store", "hidden", "hidden-00000004");
	mkdirSync(join(workspace.directory, "damaged"));
	writeFileSync(join(workspace.directory, "damaged", "campaign.json"), "{");

	const find = async (name: string) => (await findCampaignIn(workspace, name, "/")).directory;
	for (const name of ["geometry", "geometry-00000001", one]) expect(await find(name)).toBe(one);
	for (const name of ["sums/seed-0", "sums-00000002"]) expect(await find(name)).toBe(two);
	await expect(find("sums")).rejects.toThrow("2 campaigns have this name");
	await expect(find("geometri")).rejects.toThrow("Did you mean geometry?");
	await expect(find("damaged")).rejects.toThrow("not a campaign file of this version, or damaged");
	expect(await campaignsIn(workspace)).toHaveLength(3);
	expect(await campaignOfId(workspace, "sums")).toBeUndefined();
});

test("campaigns of several seeds and their forks are found, wherever a fork of them is; a workspace below has its own", async () => {
	const directory = temporaryFolder();
	const folders = ["sums/mine", "sums/seed-0", "sums/seed-0-fork-1", "sums/seed-0-fork-1-fork-2"];
	for (const [n, folder] of folders.entries()) makeCampaign(directory, folder, "sums", `sums-0000000${n}`);
	makeCampaign(directory, "sums/verdicts", "hidden", "hidden-00000004");
	makeCampaign(directory, "geometry", "geometry", "geometry-00000005");
	makeCampaign(directory, "geometry/policies", "hidden", "hidden-00000006");
	makeCampaign(directory, "geometry/seed-1", "geometry", "geometry-00000007");
	makeCampaign(directory, "other/sums", "hidden", "hidden-00000008");
	writeFileSync(join(directory, "other", "workspace.json"), "{}");
	const found = (await campaignsIn({ directory })).map((each) => relative(directory, each.directory));
	expect(found).toEqual(["geometry", "geometry/seed-1", ...folders]);
});
