import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, describe, expect, test } from "vitest";
import { createFileLedger } from "../activities/oracle/calls/file-ledger.ts";
import { createReportActivities } from "../activities/report/create-report-activities.ts";
import { createFolderStore } from "../activities/store/folder-store.ts";
import { s3Client } from "../activities/store/s3/client.ts";
import { inActivity } from "../activities/testing/in-activity.ts";
import type { CampaignFile } from "../infra/workspace/campaign-file.ts";
import { removeOfGone } from "../infra/workspace/gone-campaigns.ts";
import { openFiles } from "../infra/workspace/open-store.ts";
import { shareCampaign } from "../infra/workspace/shared-campaigns.ts";
import { fixtureReport } from "../test/browser/fixture-report.ts";
import { startS3Server, useS3 } from "../test/s3/s3-server.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { dno } from "./testing/dno.ts";

const server = await startS3Server();
if (server !== undefined) useS3(server);
afterAll(() => server?.stop());

const ID = "sums-0123abcd";
const made = fixtureReport();

function fileOf(store?: string): CampaignFile {
	return {
		...{ schemaVersion: 1, id: ID, createdAt: "2026-01-01T00:00:00Z", config: { name: "sums" }, configSha256: "" },
		...{ fromScratch: false, files: {}, ...(store !== undefined && { store }) },
	};
}

/** Writes the report as a worker does, into a campaign's folder and, where it has one, its bucket. */
async function writeReport(directory: string, report = made, published?: ReturnType<typeof openFiles>): Promise<void> {
	const store = createFolderStore(join(temporaryFolder(), "store"));
	const put = (value: unknown) => store.put(JSON.stringify(value), { step: "test", inputs: {} });
	const seconds = { sample: 0, judge: 0, train: 0, evaluate: 0, baselines: 0 };
	const record = { iteration: 0, evaluated: [], curves: {}, offlineVerdicts: {}, seconds };
	const ledger = createFileLedger(join(directory, "ledger.jsonl"));
	const own = { store, ledger, directory, folder: directory, emit() {}, ...(published && { published }) };
	const job = { report: await put(report), iterations: [await put(record)] };
	await inActivity(() => createReportActivities(own).writeReport(job));
}

function campaignIn(workspace: string): string {
	const directory = join(workspace, "sums");
	mkdirSync(directory, { recursive: true });
	writeFileSync(join(directory, "campaign.json"), JSON.stringify(fileOf()));
	return directory;
}

test("of a campaign in a folder it says where the report is, and copies it where that is asked for", async () => {
	const workspace = temporaryFolder();
	const directory = campaignIn(workspace);
	const ask = (...args: string[]) => dno(["report", "sums", "--workspace", workspace, ...args]);
	expect(await ask()).toMatchObject({ code: 1, stderr: expect.stringContaining("the campaign has no report yet") });
	await writeReport(directory);
	const { stdout } = await ask("--json");
	expect(JSON.parse(stdout)).toEqual({
		...{ id: ID, report: join(directory, "report.html"), json: join(directory, "report.json") },
		...{ status: "finished", iterations: 6, best: 5 },
	});
	const out = join(workspace, "copy");
	expect(await ask("--out", out)).toMatchObject({ code: 0, stdout: expect.stringContaining("(finished, ") });
	for (const name of ["report.html", "report.json", "win-rate.svg"])
		expect(readFileSync(join(out, name))).toEqual(readFileSync(join(directory, name)));
	writeFileSync(join(directory, "report.json"), "{");
	expect(await ask()).toMatchObject({ code: 1, stderr: expect.stringContaining("not a report of this version") });
});

describe.skipIf(server === undefined)("of a campaign whose store is in a bucket", () => {
	test("a machine that has nothing of it gets it by its name, as of the last iteration", async () => {
		const store = `s3://${server!.bucket}/${randomUUID()}`;
		await shareCampaign(fileOf(store));
		const here = temporaryFolder();
		const ask = (...args: string[]) => dno(["report", "sums", "--store", store, ...args], { cwd: here });
		expect(await ask()).toMatchObject({ code: 1, stderr: expect.stringContaining("the campaign has no report yet") });
		const published = openFiles(`${store}/reports/${ID}`);
		const campaign = { ...made.campaign, status: "running" } as const;
		await writeReport(temporaryFolder(), { ...made, campaign }, published);
		expect(JSON.parse((await ask("--json")).stdout)).toMatchObject({ status: "running" });
		await writeReport(temporaryFolder(), made, published);
		const folder = join(here, "reports", ID);
		expect(JSON.parse((await ask("--json")).stdout)).toMatchObject({
			status: "finished",
			json: join(folder, "report.json"),
		});
		expect(JSON.parse(readFileSync(join(folder, "report.json"), "utf8"))).toEqual(made);
		expect(readFileSync(join(folder, "report.html"), "utf8")).toContain("</html>");
		expect(await dno(["report", "summs", "--store", store], { cwd: here })).toMatchObject({
			...{ code: 2, stderr: expect.stringContaining("Did you mean sums?") },
		});
	});

	test("the page is one to a browser that is given a link to it, and goes with its campaign", async () => {
		const prefix = randomUUID();
		const store = `s3://${server!.bucket}/${prefix}`;
		const published = openFiles(`${store}/reports/${ID}`);
		await writeReport(temporaryFolder(), made, published);
		const client = await s3Client();
		const page = { Bucket: server!.bucket, Key: `${prefix}/reports/${ID}/report.html` };
		expect((await client.send(new GetObjectCommand(page))).ContentType).toBe("text/html; charset=utf-8");
		const remove = (isLive: boolean) =>
			removeOfGone(store, { isLive: (id) => isLive && id === ID, graceMs: -60_000, dryRun: false });
		expect(await remove(true)).toEqual([]);
		expect((await remove(false)).map(({ kind }) => kind)).toEqual(["report", "report", "report"]);
		expect(await published.read("report.json")).toBeUndefined();
	});
});
