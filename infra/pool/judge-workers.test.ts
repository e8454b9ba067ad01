import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openWorkspace } from "../workspace/workspace.ts";
import { lookForJudges, serveJudges } from "./judge-workers.ts";
import { workerSet } from "./worker-set.ts";

test("campaigns that cannot be looked at for a while are said once, and looked for again", async () => {
	const workspace = await openWorkspace(join(temporaryFolder(onTestFinished), "runs"));
	// A workspace's folder that is none for a while.
	rmSync(workspace.directory, { recursive: true });
	writeFileSync(workspace.directory, "");
	const said: string[] = [];
	const done = new AbortController();
	const looking = lookForJudges(
		serveJudges(workspace, () => {}),
		{},
		workerSet(),
		done.signal,
		(text) => {
			said.push(text);
		},
	);
	await expect.poll(() => said.length).toBe(1);
	rmSync(workspace.directory);
	mkdirSync(workspace.directory);
	await new Promise((resolve) => setTimeout(resolve, 2_500));
	done.abort();
	await looking;
	expect(said).toEqual([expect.stringContaining("cannot be looked for")]);
});
