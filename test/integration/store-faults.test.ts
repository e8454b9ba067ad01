import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkVerdicts } from "../../activities/oracle/calls/check-verdicts.ts";
import { checkStore } from "../../activities/store/check-store.ts";
import { createFolderFiles } from "../../activities/store/folder-files.ts";
import { storeLayout } from "../../activities/store/layout.ts";
import { type FoundStep, stepsOf } from "../../activities/store/survey.ts";
import { runFsck } from "../../cli/fsck.ts";
import type { SampleResult } from "../../core/steps.ts";
import { readReport, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";
import { canMount, onDisk } from "./small-disk.ts";

let folder: string;
let expected: ReturnType<typeof resultOf>;
/** The folder of a campaign that was killed while it trained. */
let killed: string;

beforeAll(async () => {
	folder = await makeSmallCampaign({ baselines: {} });
	const undisturbed = join(folder, "undisturbed");
	expect(await run(undisturbed)).toMatchObject({ code: 0 });
	expected = resultOf(undisturbed);
	killed = join(folder, "killed");
	const { child, until, ended } = startDno(["run", folder, "--out", killed, "--json"]);
	await until((e) => e.event === "progress" && e.stage === "train" && Number(e.done) >= 2);
	child.kill("SIGKILL");
	await ended;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (out: string) => startDno(["run", folder, "--out", out, "--json"]).ended;

/** What has to be alike, however a campaign came to its end. */
function resultOf(out: string) {
	const { lines, iterations } = readReport(out);
	return { lines, policies: iterations.map(({ policy }) => policy.sha256) };
}

const storeIn = (out: string) => createFolderFiles(join(out, "store"));

/** The first of the killed campaign's steps of a name. */
async function step(out: string, name: string): Promise<FoundStep> {
	const steps = await stepsOf(storeIn(out));
	return steps.filter(({ record }) => record?.name === name).toSorted((a, b) => (a.key < b.key ? -1 : 1))[0]!;
}

const objectOf = (out: string, { sha256 }: { readonly sha256: string }) =>
	storeLayout(join(out, "store")).object(sha256);

/** The file that a test damages. */
const FILES: Readonly<Record<string, (out: string) => Promise<string>>> = {
	candidates: async (out) => objectOf(out, ((await step(out, "sample")).record!.result as SampleResult).candidates),
	"a verdict": async (out) =>
		objectOf(out, ((await step(out, "judge")).record!.result as { verdicts: { sha256: string } }).verdicts),
	"a step's record": async (out) => {
		// Whoever has the history does not ask the store.
		rmSync(join(out, "temporal"), { recursive: true });
		return storeIn(out).pathOf((await step(out, "judge")).file.name);
	},
	"the initial weights": async (out) => {
		const { policy } = (await step(out, "sample")).record!.inputs as { policy: { sha256: string } };
		const { files } = JSON.parse(readFileSync(objectOf(out, policy), "utf8"));
		// What is written out already is not read from the store again.
		rmSync(join(out, "policies"), { recursive: true });
		return objectOf(out, files["model.safetensors"]);
	},
	"weights in the policies' folder": async (out) => join(out, "policies/initial/model.safetensors"),
	"the checkpoint": async (out) => {
		const found = readdirSync(join(out, "work"), { recursive: true, encoding: "utf8" });
		return join(out, "work", found.find((name) => name.endsWith("checkpoint.safetensors"))!);
	},
};

test.for(Object.entries(FILES))(
	"a flipped byte of %s: the same result, after one clear error at most",
	async ([name, fileOf]) => {
		const out = join(folder, name.replaceAll(/\W/g, "-"));
		cpSync(killed, out, { recursive: true });
		const file = await fileOf(out);
		const bytes = readFileSync(file);
		bytes[Math.floor(bytes.length / 2)]! ^= 1;
		writeFileSync(file, bytes);
		const first = await run(out);
		if (first.code !== 0) {
			// Who reads it beside the first one finds it moved away.
			const what = "(an artifact's bytes do not match its name|an artifact is missing from the store)";
			expect(first.stderr).toMatch(new RegExp(`${basename(file)}: ${what}`));
			expect(first.stderr).toContain("Run the campaign again: its step is done again");
			expect(await run(out)).toEqual({ code: 0, stderr: "" });
		}
		expect(resultOf(out)).toEqual(expected);
		// What nobody has read since is still as it was; nothing else is.
		const { problems } = await checkStore(storeIn(out), false);
		expect(problems.filter(({ path, what }) => path !== file && !what.includes(basename(file)))).toEqual([]);
		// What it moves away a finished campaign does again.
		await runFsck([out, "--repair"], () => {});
		expect(await run(out)).toEqual({ code: 0, stderr: "" });
		expect(resultOf(out)).toEqual(expected);
		expect((await checkStore(storeIn(out), false)).problems).toEqual([]);
	},
);

test.runIf(canMount)("a full disk is waited for, and the campaign goes on as soon as there is room", async () => {
	const out = join(folder, "full");
	cpSync(killed, out, { recursive: true });
	const kept = join(folder, "kept");
	cpSync(join(out, "store"), kept, { recursive: true });
	const disk = onDisk("full", join(out, "store"), kept, ["run", folder, "--out", out, "--json"]);
	await disk.says("the disk is full");
	disk.makeRoom();
	expect(await disk.ended).toMatchObject({ code: 0 });
	expect(resultOf(out)).toEqual(expected);
	expect((await checkStore(createFolderFiles(kept), false)).problems).toEqual([]);
	expect(readdirSync(kept, { recursive: true }).filter((name) => String(name).endsWith(".tmp"))).toEqual([]);
});

test.runIf(canMount).for(["store", "."])(
	"%s of a campaign cannot be written: one clear error, and nothing is lost",
	async (part) => {
		const out = join(folder, `read-only-${part === "." ? "all" : part}`);
		cpSync(killed, out, { recursive: true });
		const { code, output } = await onDisk("read-only", join(out, part), "", ["run", folder, "--out", out]).ended;
		expect(output).toContain("the file system is read-only");
		expect(code).toBe(1);
		expect(await run(out)).toMatchObject({ code: 0 });
		expect(resultOf(out)).toEqual(expected);
	},
);

test("two processes that write the same keys at once leave one whole result of each", async () => {
	const at = join(folder, "writers");
	mkdirSync(at);
	const script = fileURLToPath(new URL("store-writer.ts", import.meta.url));
	const writers = ["a", "b"].map((me) => spawn(process.execPath, [script, at, me, "100"], { stdio: "inherit" }));
	const codes = await Promise.all(writers.map((child) => new Promise((resolve) => child.once("exit", resolve))));
	expect(codes).toEqual([0, 0]);
	expect((await checkStore(storeIn(at), false)).problems).toEqual([]);
	expect(await checkVerdicts(createFolderFiles(join(at, "verdicts")), false)).toMatchObject({
		files: 50,
		problems: [],
	});
	const steps = await stepsOf(storeIn(at));
	expect(steps).toHaveLength(50);
	for (const { record } of steps) {
		const text = `${JSON.stringify(record!.inputs)}\n`.repeat(5_000);
		const { made } = record!.result as { made: { sha256: string } };
		expect(readFileSync(storeLayout(join(at, "store")).object(made.sha256), "utf8")).toBe(text);
	}
	const leftovers = readdirSync(at, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".tmp"));
	expect(leftovers).toEqual([]);
	expect(existsSync(join(at, "store/damaged"))).toBe(false);
});
