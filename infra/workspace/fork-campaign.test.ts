import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import type { CampaignFile } from "./campaign-file.ts";
import { forkCampaign } from "./fork-campaign.ts";
import { openWorkspace } from "./workspace.ts";

const file: CampaignFile = {
	...{ schemaVersion: 1, id: "sums-00000001", createdAt: "2026-01-01T00:00:00Z", config: { name: "sums" } },
	...{ configSha256: "", fromScratch: false, files: {} },
};

test("a fork of a pool's campaign is made where the pool's workers find it, or not at all", async () => {
	const [here, elsewhere] = [temporaryFolder(), temporaryFolder()];
	const [workspace] = await Promise.all([here, join(elsewhere, "runs")].map((folder) => openWorkspace(folder)));
	const parent = { directory: join(here, "sums"), file: { ...file, queues: workspace!.id } };
	const forkTo = (directory: string) => forkCampaign(parent, { fromIteration: 1, set: {}, directory });
	for (const outside of [join(elsewhere, "f"), join(elsewhere, "runs", "f"), join(here, "sums", "f")]) {
		await expect(forkTo(outside)).rejects.toMatchObject({
			details: { where: "--out", got: outside, mend: expect.stringContaining(here), kind: "usage" },
		});
		expect(existsSync(outside)).toBe(false);
	}
	// The next thing that is wrong with this file.
	const next = "the campaign does not say where its config file is";
	await expect(forkTo(join(here, "f"))).rejects.toThrow(next);
	await expect(forkCampaign({ ...parent, file }, { fromIteration: 1, set: {}, directory: elsewhere })).rejects.toThrow(
		next,
	);
});
