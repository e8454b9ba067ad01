import { mkdir, readdir, readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { bundleLambda, type LambdaBundle, LIMITS } from "./bundle.ts";
import { zipFolder } from "./zip.ts";

let bundle: LambdaBundle;
let entries: Record<string, Uint8Array>;
beforeAll(async () => {
	bundle = await bundleLambda(join(temporaryFolder(afterAll), "lambda"), "arm64");
	entries = unzipSync(await readFile(bundle.zip));
});

test("no engine, no GPU worker, no workflow, no bundler and nothing that draws is in it", () => {
	const wrong = /onnxruntime|^gpu-worker\/|^workflows\/|^cli\/|node_modules\/(webpack|@swc|@observablehq|linkedom)\//;
	expect(bundle.inputs.filter((input) => wrong.test(input))).toEqual([]);
	for (const activities of ["oracle/create-judge", "create-bookkeeping"])
		expect(bundle.inputs).toContain(`activities/${activities}-activities.ts`);
});

test("the native binary is that of one platform", () => {
	const native = Object.keys(entries).filter((name) => name.endsWith(".node"));
	expect(native).toEqual(["releases/aarch64-unknown-linux-gnu/index.node"]);
	// ELF, AArch64.
	expect([...entries[native[0]!]!.subarray(0, 4), entries[native[0]!]![18]]).toEqual([0x7f, 0x45, 0x4c, 0x46, 0xb7]);
});

test("it is within Lambda's limits", () => {
	expect(bundle.sizes.zipped).toBeLessThan(LIMITS.direct / 2);
	expect(bundle.sizes.unzipped).toBeLessThan(LIMITS.unzipped / 4);
});

test("it names no folder of the machine that built it", async () => {
	const root = Buffer.from(process.cwd());
	const telling = Object.entries(entries).filter(
		([name, bytes]) => name.endsWith(".mjs") && Buffer.from(bytes).includes(root),
	);
	expect(telling.map(([name]) => name)).toEqual([]);
});

test("the same files make the same zip, whatever their times", async () => {
	const { zip } = await zipFolder(bundle.folder);
	for (const name of await readdir(bundle.folder)) await utimes(join(bundle.folder, name), new Date(), new Date(0));
	await mkdir(join(bundle.folder, "empty"), { recursive: true });
	expect(Buffer.compare((await zipFolder(bundle.folder)).zip, zip)).toBe(0);
	expect(Buffer.compare(await readFile(bundle.zip), zip)).toBe(0);
});

test("built again, it is the same build", async () => {
	const again = await bundleLambda(join(temporaryFolder(onTestFinished), "lambda"), "arm64");
	expect(again.buildId).toBe(bundle.buildId);
});
