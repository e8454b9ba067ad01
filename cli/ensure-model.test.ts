import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { tinyConfig } from "../bench/golden/tiny-config.ts";
import { readModel } from "../gpu-worker/model/folder.ts";
import { createRandomModel } from "../gpu-worker/model/init.ts";
import { importModel } from "../infra/models/import-model.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { ensureModel } from "./ensure-model.ts";
import { loadCampaign } from "./load-campaign.ts";
import { edit, makeCampaign } from "./testing/campaign-folder.ts";
import { dno } from "./testing/dno.ts";

vi.mock("../infra/models/import-model.ts", async (original) => {
	const { importModel } = await original<typeof import("../infra/models/import-model.ts")>();
	return { importModel: vi.fn(importModel) };
});

const tokenizerFile = join(import.meta.dirname, "../bench/golden/tokenizer.json");
const options = { renderer: { show: vi.fn(), note: vi.fn(), close: vi.fn() }, signal: new AbortController().signal };

/** A campaign whose policy is to be imported from `source`. */
async function campaignFrom(source: string) {
	const campaign = makeCampaign();
	edit(campaign, 'policy: { model: "model" }', `policy: { model: "imported", source: ${JSON.stringify(source)} }`);
	return { campaign, loaded: await loadCampaign(campaign.folder, { set: [], quick: false }) };
}

test("a policy that is not there is imported from where the config says, relative to the config", async () => {
	const { campaign, loaded } = await campaignFrom("./source");
	const outDir = campaign.path("source");
	await createRandomModel({ config: tinyConfig(true), tokenizerFile, seed: 1, outDir });
	await ensureModel(loaded, options);
	expect(readModel(campaign.path("imported"))).toEqual(readModel(outDir));
	// The second time it is there.
	await ensureModel(loaded, options);
});

test("a source that is none, and a look without importing, are one error each", async () => {
	const { campaign, loaded } = await campaignFrom(join(temporaryFolder(), "no.gguf"));
	await expect(ensureModel(loaded, options)).rejects.toThrow("there is no such model");
	expect(existsSync(campaign.path("imported"))).toBe(false);
	const { code, stderr } = await dno(["run", campaign.folder, "--dry-run"]);
	expect(code).toBe(1);
	expect(stderr).toContain("imported: the model has not been imported yet. Run without --dry-run, or import it:");
});

test("that a policy is not quite what was asked for is told", async () => {
	const { loaded } = await campaignFrom("smollm2-135m-instruct");
	vi.mocked(importModel).mockResolvedValueOnce("it is rounded");
	await ensureModel(loaded, options);
	expect(options.renderer.note).toHaveBeenCalledExactlyOnceWith("it is rounded");
});
