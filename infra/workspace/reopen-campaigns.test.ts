import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { Report } from "../../core/report.ts";
import { fixtureReport } from "../../test/browser/fixture-report.ts";
import { startS3Server, useS3 } from "../../test/s3/s3-server.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openFiles } from "./open-store.ts";
import { reopenCampaigns } from "./reopen-campaigns.ts";
import { placesOfWorkspace } from "./stores.ts";

const server = await startS3Server();
if (server !== undefined) useS3(server);
afterAll(() => server?.stop());

let workspace: string;
beforeEach(() => {
	workspace = temporaryFolder();
});

const reportOf = (id: string, status: Report["campaign"]["status"]) => {
	const made = fixtureReport();
	return JSON.stringify({ ...made, campaign: { ...made.campaign, id, status } });
};

function makeCampaign(id: string, store: string, status: Report["campaign"]["status"]): void {
	const directory = join(workspace, id);
	mkdirSync(directory);
	const file = {
		...{ schemaVersion: 1, id, createdAt: "2026-01-01T00:00:00Z", config: { name: "sums" }, configSha256: "" },
		...{ fromScratch: false, files: {}, store },
	};
	writeFileSync(join(directory, "campaign.json"), JSON.stringify(file));
	writeFileSync(join(directory, "report.json"), reportOf(id, status));
}

async function statusIn(root: string): Promise<string> {
	const text = new TextDecoder().decode(await openFiles(root).read("report.json"));
	return JSON.parse(text).campaign.status;
}

test("of a shared store, the finished campaigns that have lost something run again; without a name, all of them", async () => {
	for (const id of ["sums-1", "sums-2"]) makeCampaign(id, "../store", "finished");
	makeCampaign("sums-3", "../store", "stopped");
	makeCampaign("sums-4", "store", "finished");
	const [store, places] = [join(workspace, "store"), await placesOfWorkspace(workspace)];
	const reopen = (...problems: { users?: string[] }[]) => reopenCampaigns(store, places, problems);
	const statuses = () => Promise.all([1, 2, 3, 4].map((n) => statusIn(join(workspace, `sums-${n}`))));
	expect(await reopen({})).toEqual([]);
	expect(await reopen({}, { users: ["sums-1", "sums-3"] })).toEqual(["sums-1"]);
	expect(await statuses()).toEqual(["running", "finished", "stopped", "finished"]);
	expect(await reopen({ users: ["sums-1"] }, { users: [] })).toEqual(["sums-2"]);
	expect(await statuses()).toEqual(["running", "running", "stopped", "finished"]);
	writeFileSync(join(workspace, "sums-2/report.json"), "{");
	expect(await reopen({ users: [] })).toEqual([]);
});

test.skipIf(server === undefined)("of a bucket, other machines' campaigns too", async () => {
	const store = `s3://${server!.bucket}/${randomUUID()}`;
	makeCampaign("sums-1", store, "finished");
	for (const id of ["sums-1", "sums-2", "sums-3"])
		await openFiles(`${store}/reports/${id}`).write("report.json", reportOf(id, "finished"));
	const problems = [{ users: ["sums-1", "sums-2"] }];
	expect(await reopenCampaigns(store, await placesOfWorkspace(workspace), problems)).toEqual(["sums-1", "sums-2"]);
	const roots = [join(workspace, "sums-1"), ...[1, 2, 3].map((n) => `${store}/reports/sums-${n}`)];
	expect(await Promise.all(roots.map(statusIn))).toEqual(["running", "running", "running", "finished"]);
});
