import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { startS3Server, useS3 } from "../../test/s3/s3-server.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import type { CampaignFile } from "./campaign-file.ts";
import { placesOf } from "./campaign-file.ts";
import { campaignOfId, servedCampaigns } from "./find-campaign.ts";
import { openFiles } from "./open-store.ts";
import { shareCampaign } from "./shared-campaigns.ts";
import { livenessIn } from "./stores.ts";
import { findWorkspace, openWorkspace } from "./workspace.ts";

const server = await startS3Server();
if (server !== undefined) useS3(server);
afterAll(() => server?.stop());

const fileIn = (store: string, id: string): CampaignFile => ({
	...{ schemaVersion: 1, id, createdAt: "2026-01-01T00:00:00Z", config: { name: "sums" }, configSha256: "" },
	...{ fromScratch: false, files: {}, store },
});

describe.skipIf(server === undefined)("a workspace whose store is on S3", () => {
	const newStore = () => `s3://${server!.bucket}/${randomUUID()}`;

	test("machines that open it at once are one pool, and know it again without being told", async () => {
		const store = newStore();
		const folders = Array.from({ length: 4 }, () => join(temporaryFolder(), "runs"));
		const opened = await Promise.all(folders.map((folder) => openWorkspace(folder, store)));
		expect(new Set(opened.map(({ id }) => id)).size).toBe(1);
		expect(await findWorkspace(folders[0]!)).toEqual(opened[0]);
		expect((await openWorkspace(folders[0]!)).store).toBe(store);
		expect(await openWorkspace(folders[0]!, `${store}/`)).toEqual(opened[0]);
		expect(await openWorkspace(join(temporaryFolder(), "runs"), `${store}/`)).toMatchObject({
			store,
			id: opened[0]!.id,
		});
		await expect(openWorkspace(folders[0]!, newStore())).rejects.toThrow(
			"the workspace's campaigns are in another store",
		);
		expect((await openWorkspace(join(temporaryFolder(), "runs"), newStore())).id).not.toBe(opened[0]!.id);
	});

	test("a campaign that one machine begins is known to the others, and live until its file is removed", async () => {
		const store = newStore();
		const workspace = await openWorkspace(join(temporaryFolder(), "runs"), store);
		expect(await campaignOfId(workspace, "sums-1")).toBeUndefined();
		await shareCampaign(fileIn(store, "sums-1"));
		await openFiles(store).write("campaigns/damaged.json", "{");
		const found = await campaignOfId(workspace, "sums-1");
		expect(found).toEqual({ directory: join(workspace.directory, "sums-1"), file: fileIn(store, "sums-1") });
		expect((await servedCampaigns(workspace)).map(({ file }) => file.id)).toEqual(["sums-1"]);
		expect(placesOf(found!.directory, found!.file)).toMatchObject({
			...{ store, ledger: `${store}/ledgers/sums-1`, verdicts: `${store}/verdicts` },
			journal: `${store}/operations/sums-1`,
			work: join(workspace.directory, "sums-1", "work"),
		});
		expect(placesOf(found!.directory, fileIn(`${store}/`, "sums-1")).store).toBe(store);
		expect(["sums-1", "sums-2"].map(await livenessIn(store))).toEqual([true, false]);
		await openFiles(store).remove("campaigns/sums-1.json");
		expect((await livenessIn(store))("sums-1")).toBe(false);
	});

	test("a cache whose size is no number is one clear error", () => {
		vi.stubEnv("DNO_STORE_CACHE_GB", "much");
		expect(() => openFiles(newStore())).toThrow(
			"DNO_STORE_CACHE_GB: the size of the store's cache is no number of gigabytes",
		);
		vi.unstubAllEnvs();
	});
});
