import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@temporalio/client";
import { expect, inject, test } from "vitest";
import { connectClient } from "../../infra/campaign/client-connection.ts";
import { openWorkspace } from "../../infra/workspace/workspace.ts";
import { fixtureReport } from "../../test/browser/fixture-report.ts";
import { makeCampaign } from "../testing/campaign-folder.ts";
import { dno } from "../testing/dno.ts";

test("a pool's campaign that has finished is not begun again, unless its report says otherwise", async () => {
	const { folder, path } = makeCampaign();
	const runs = path("runs");
	await openWorkspace(runs);
	const address = inject("temporalAddress");
	const start = (...args: string[]) =>
		dno(["start", folder, "--out", join(runs, "tiny"), ...args], {
			cwd: folder,
			env: { ...process.env, TEMPORAL_ADDRESS: address },
		});
	const begun = await start("--json");
	expect(begun.stderr).toBe("");
	const { id } = JSON.parse(begun.stdout);
	const { connection, close } = await connectClient({ address });
	try {
		const handle = new Client({ connection }).workflow.getHandle(id);
		const status = async () => (await handle.describe()).status.name;
		expect(await status()).toBe("RUNNING");
		// No worker is there to end it.
		await handle.terminate();
		const report = join(runs, "tiny", "report.json");
		const made = fixtureReport();
		writeFileSync(report, JSON.stringify({ ...made, campaign: { ...made.campaign, id } }));
		expect(await start()).toMatchObject({ code: 0, stdout: expect.stringContaining("has finished already.") });
		expect(JSON.parse((await start("--json")).stdout)).toEqual({ id: "", directory: join(runs, "tiny") });
		expect(await status()).toBe("TERMINATED");
		writeFileSync(report, readFileSync(report, "utf8").replace('"finished"', '"stopped"'));
		expect(JSON.parse((await start("--json")).stdout)).toMatchObject({ id });
		expect(await status()).toBe("RUNNING");
		await handle.terminate();
	} finally {
		await close();
	}
});
