import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { loadCampaign } from "./load-campaign.ts";
import { scriptLines, yamlLines } from "./source-lines.ts";
import { type CampaignFolder, CONFIG, makeCampaign } from "./testing/campaign-folder.ts";
import { config } from "./testing/events.ts";

const NOTHING = { set: [], quick: false };

let campaign: CampaignFolder;
beforeEach(() => {
	campaign = makeCampaign();
});

describe("a config", () => {
	test("is checked, filled in and made absolute", async () => {
		const loaded = await loadCampaign(campaign.folder, NOTHING);
		expect(loaded).toMatchObject({ name: "tiny", file: campaign.path("dno.config.ts") });
		expect(loaded.config.sampling).toMatchObject({ samples: 4, temperature: 1, topP: 1, maxTokens: 16 });
		expect(loaded.config.policy.model).toBe(campaign.path("model"));
		expect(loaded.config.oracle).toMatchObject({ module: campaign.path("verifier.ts") });
	});

	test.for(["yaml", "json"])("may be %s, and says on which line it is wrong", async (extension, { expect }) => {
		rmSync(campaign.path("dno.config.ts"));
		const name = `dno.config.${extension}`;
		const text = extension === "yaml" ? stringify(config) : JSON.stringify(config, undefined, 2);
		campaign.write(name, text);
		expect((await loadCampaign(campaign.folder, NOTHING)).config.sampling).toEqual(config.sampling);
		campaign.write(name, text.replace(/(samples"?: )5/, "$11"));
		const line = text.split("\n").findIndex((each) => each.includes("samples")) + 1;
		await expect(loadCampaign(campaign.folder, NOTHING)).rejects.toThrow(
			`${campaign.path(name)}:${line}: sampling.samples must be at least 2`,
		);
	});

	test.for([
		["dno.config.yaml", "name: tiny\niterations: [\n", /dno\.config\.yaml:[23]: not YAML: /],
		["dno.config.json", '{\n  "name": "tiny",\n}', /dno\.config\.json:3: not JSON: /],
		["dno.config.json", "[]", /dno\.config\.json: the config is not an object. got \[\]/],
		["dno.config.js", "export const config = {};", /dno\.config\.js: the config has no default export/],
	] as const)("that does not parse is one error: %s %j", async ([name, text, says], { expect }) => {
		rmSync(campaign.path("dno.config.ts"));
		campaign.write(name, text);
		await expect(loadCampaign(campaign.folder, NOTHING)).rejects.toThrow(says);
	});
});

describe("overrides", () => {
	test("apply in order: the file, --quick, --set, --seed", async () => {
		const load = async (options: Partial<Parameters<typeof loadCampaign>[1]>) => {
			const { config } = await loadCampaign(campaign.folder, { ...NOTHING, ...options });
			return [config.iterations, config.prompts.perIteration, config.seed];
		};
		expect(await load({})).toEqual([2, 3, 0]);
		expect(await load({ quick: true })).toEqual([1, 2, 0]);
		expect(await load({ quick: true, set: ["iterations=4", "seed=7"] })).toEqual([4, 2, 7]);
		expect(await load({ set: ["seed=7"], seed: 8 })).toEqual([2, 3, 8]);
	});

	test.each(["sk-Sesame0123", "Sesame-0123"])(
		"do not show a key that is set where its variable belongs: %s",
		async (key) => {
			const load = loadCampaign(campaign.folder, {
				set: ['oracle={"kind":"score","model":"m"}', `oracle.apiKeyEnv=${key}`],
				quick: false,
			});
			await expect(load).rejects.toThrow("--set oracle.apiKeyEnv=…: oracle.apiKeyEnv must be the NAME of");
			await expect(load).rejects.not.toThrow("Sesame");
		},
	);

	test("are JSON where they parse as such, else texts; groups may be new", async () => {
		const set = ["name=other", "pairs.replay=[0.3,0.15]", "baselines.offlineKto.nllWeight=0.5", "policy.model=a b=c"];
		const { config, name } = await loadCampaign(campaign.folder, { set, quick: false });
		expect(name).toBe("other");
		expect(config.pairs.replay).toEqual([0.3, 0.15]);
		expect(config.baselines.offlineKto?.nllWeight).toBe(0.5);
		expect(config.policy.model).toBe(join(campaign.folder, "a b=c"));
	});

	test("of the quick part name its line when they are wrong", async () => {
		campaign.write("dno.config.ts", CONFIG.replace("quick: { iterations: 1", 'quick: { "iteratoins": 1'));
		await expect(loadCampaign(campaign.folder, { set: [], quick: true })).rejects.toThrow(
			`${campaign.path("dno.config.ts")}:22: quick: unknown key iteratoins. Did you mean iterations?`,
		);
	});
});

describe("lines of keys", () => {
	test("in a script come from the nesting, not from comments, texts and types", () => {
		const source = [
			"// sampling: { samples: 1 }",
			"const step: Record<string, number> = { samples: 9 };",
			"export default defineConfig({",
			'	name: "sampling: { samples: 1 }",',
			"	sampling: {",
			"		'samples': 4, /* topP: 1 */",
			"	},",
			"	list: [{ key: 1 }, { key: 2 }],",
			"});",
		].join("\n");
		const lineOf = scriptLines(source);
		expect(lineOf(["sampling", "samples"])).toBe(6);
		expect(lineOf(["name"])).toBe(4);
		expect(lineOf(["sampling", "topP"])).toBeUndefined();
		// Two of one name: not sure.
		expect(lineOf(["list", 1, "key"])).toBeUndefined();
	});

	test("in YAML come from the parser", () => {
		const lineOf = yamlLines("a:\n  b: 1\n  c:\n    - 5\n    - 6\n");
		expect([lineOf(["a", "b"]), lineOf(["a", "c", 1]), lineOf(["a", "d"])]).toEqual([2, 5, undefined]);
	});
});
