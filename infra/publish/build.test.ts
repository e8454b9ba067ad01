import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeAppFolder } from "./app-folder.ts";
import { publishedManifest } from "./manifest.ts";
import { packPackage } from "./pack.ts";
import { tryPackage } from "./try-package.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const OUR_MODULES = join(ROOT, "node_modules");

let app: string;
let installed: string;

beforeAll(async () => {
	app = await makeAppFolder();
	installed = join(app, "node_modules/dno");
	await mkdir(installed, { recursive: true });
	const tarball = await packPackage(app);
	await promisify(execFile)("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
	await linkDependencies();
});

afterAll(() => rm(app, { recursive: true, force: true }));

test("the package holds what runs and its types, and nothing of the tests", async () => {
	const files = await readdir(installed, { recursive: true });
	expect(files).toEqual(expect.arrayContaining(["LICENSE", "index.js", "index.d.ts", "report/assets/base.css"]));
	expect(files).toContain("infra/temporal-server/supervisor.js");
	expect(files).toContain("workflow-bundle.js");
	// Temporal loads it by its path, which no compiler looks at.
	expect(files).toContain("infra/connection/failure-converter.js");
	expect(files).toContain("activities/oracle/rubrics/listwise.md");
	expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\.|testing|for-tests|publish/.test(file))).toEqual([]);
});

test("the workflows are bundled ahead, and the bundle names no path of the machine it was made on", async () => {
	const { loadWorkflowBundle } = await import(join(installed, "infra/campaign/workflow-bundle.js"));
	vi.stubEnv("DNO_CACHE_DIR", join(app, "no-cache"));
	const { code, version } = await loadWorkflowBundle();
	expect(version).toMatch(/^[0-9a-f]{32}$/);
	expect(code).toBe(await readFile(join(installed, "workflow-bundle.js"), "utf8"));
	const map = JSON.parse(String(Buffer.from(/;base64,(\S+)/.exec(code)![1]!, "base64")));
	expect(map.sources).toContain("workflows/campaign.ts");
	expect([code, ...map.sources].filter((text) => text.includes(ROOT) || text.startsWith("/"))).toEqual([]);
	await expect(readdir(join(app, "no-cache"))).rejects.toThrow("ENOENT");
});

test("an installed dno runs a campaign", async () => {
	await tryPackage(app);
});

test("the manifest keeps the dependencies and drops what development needs", () => {
	const root = { name: "dno", version: "1.2.3", dependencies: { zod: "4.0.0" }, devDependencies: {}, scripts: {} };
	const manifest = publishedManifest({ ...root, bin: { dno: "./cli/main.ts" } });
	expect(manifest).toMatchObject({ name: "dno", version: "1.2.3", dependencies: { zod: "4.0.0" } });
	expect(manifest).toMatchObject({ bin: { dno: "./cli/main.js" }, engines: { node: ">=24" } });
	expect(manifest).not.toHaveProperty("scripts");
	expect(manifest).not.toHaveProperty("devDependencies");
});

/** Tests have no registry: the app borrows our dependencies, while dno itself lies below node_modules like any package. */
async function linkDependencies(): Promise<void> {
	const modules = join(app, "node_modules");
	for (const name of await readdir(OUR_MODULES)) {
		if (!name.startsWith(".")) await symlink(join(OUR_MODULES, name), join(modules, name));
	}
	await mkdir(join(modules, ".bin"));
	await symlink("../dno/cli/main.js", join(modules, ".bin/dno"));
}
