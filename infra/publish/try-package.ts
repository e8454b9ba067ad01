import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rename, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { makeSmallCampaign } from "../../test/integration/small-campaign.ts";

/** Uses the `dno` that is installed in the project `app`, as its user would: help, a plan and a whole small campaign. */
export async function tryPackage(app: string): Promise<void> {
	const dno = async (...args: string[]) => {
		// The machine's own node may be older than the one that runs this.
		const env: NodeJS.ProcessEnv = {
			...process.env,
			PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
		};
		delete env.TEMPORAL_ADDRESS;
		env.TEMPORAL_CONFIG_FILE = "";
		const { stdout } = await promisify(execFile)(join(app, "node_modules/.bin/dno"), args, { cwd: app, env });
		return stdout;
	};
	const { version } = JSON.parse(await readFile(join(app, "node_modules/dno/package.json"), "utf8"));
	assert.equal((await dno("--version")).trim(), version);
	assert.match(await dno("--help"), /USAGE dno/);
	await rename(await makeSmallCampaign({ iterations: 1, baselines: {} }), join(app, "campaign"));
	await writeFile(join(app, "with-dno.ts"), CONFIG_IN_TYPESCRIPT);
	assert.match(await dno("run", "with-dno.ts", "--dry-run"), /All checks passed/);
	assert.match(await dno("run", "campaign", "--out", "out", "--json"), /"event":"finished"/);
	assert.match(await readFile(join(app, "out/report.html"), "utf8"), /<\/html>/);
}

const CONFIG_IN_TYPESCRIPT = `import { readFileSync } from "node:fs";
import { type CampaignConfigInput, defineConfig } from "dno";

const small: CampaignConfigInput = JSON.parse(readFileSync("campaign/dno.config.json", "utf8"));
export default defineConfig({
	...small,
	policy: { model: "campaign/model" },
	prompts: {
		...small.prompts,
		train: "campaign/train.jsonl",
		validation: "campaign/validation.jsonl",
		heldOut: "campaign/held-out.jsonl",
	},
	oracle: { kind: "verifier", module: "campaign/verifier.ts" },
});
`;
