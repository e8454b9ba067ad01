import {
	appendFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { createFileLedger } from "../activities/oracle/calls/file-ledger.ts";
import { createFolderVerdictStore } from "../activities/oracle/calls/folder-verdict-store.ts";
import { durableStep, putArtifact, stepKey } from "../activities/store/durable-step.ts";
import { createFolderStore } from "../activities/store/folder-store.ts";
import { hashJson } from "../activities/store/hash-json.ts";
import { storeLayout } from "../activities/store/layout.ts";
import { filesUnder } from "../activities/store/walk.ts";
import { inActivity } from "../activities/testing/in-activity.ts";
import type { LedgerEntry } from "../core/ledger-entry.ts";
import { type ArtifactRef, SCHEMA_VERSION } from "../core/records.ts";
import { notedEngine, noteEngine } from "../infra/workspace/engine-note.ts";
import { fixtureReport } from "../test/browser/fixture-report.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { runFsck } from "./fsck.ts";
import { runGc } from "./gc.ts";
import { acquireLock } from "./lock.ts";

let workspace: string;
beforeEach(() => {
	workspace = temporaryFolder();
});

/** A campaign's folder; its store is shared by the workspace, or its own. */
function makeCampaign(folder: string, shared: string | false = "../store") {
	const directory = join(workspace, folder);
	mkdirSync(directory, { recursive: true });
	const store = shared || "store";
	const name = folder.replaceAll("/", "-");
	const facts = { schemaVersion: 1, createdAt: "2026-01-01T00:00:00Z", config: { name }, configSha256: "", files: {} };
	const file = { ...facts, fromScratch: false, id: `${name}-00000001`, store };
	writeFileSync(join(directory, "campaign.json"), JSON.stringify(file));
	return { directory, id: `${name}-00000001`, ...storeAt(join(directory, store), `${name}-00000001`) };
}

function storeAt(root: string, campaign: string) {
	const store = createFolderStore(root);
	const workflowId = `${campaign}/run/iteration-1`;
	const layout = storeLayout(root);
	return {
		store,
		layout,
		/** One step of the campaign that makes an artifact from another one. */
		step: (name: string, from: ArtifactRef | undefined, text: string) =>
			inActivity(() => durableStep(store, name, { from }, async (put) => ({ made: await put(text) })), { workflowId }),
		put: (name: string, text: string) => inActivity(() => putArtifact(store, name, {}, text), { workflowId }),
		has: ({ sha256 }: ArtifactRef) => existsSync(layout.object(sha256)),
	};
}

/** As if all of it had been written a day ago. */
async function age(): Promise<void> {
	const yesterday = Date.now() / 1000 - 86_400;
	for await (const path of filesUnder(workspace)) utimesSync(path, yesterday, yesterday);
}

async function gc(...args: readonly string[]) {
	let printed = "";
	const code = await runGc([...args, "--json"], (text) => (printed += text));
	return {
		code,
		...(JSON.parse(printed) as { removed: number; bytes: number; garbage: { kind: string; path: string }[] }),
	};
}

async function fsck(...args: readonly string[]) {
	let printed = "";
	const code = await runFsck([...args, "--json"], (text) => (printed += text));
	const { problems } = JSON.parse(printed) as { problems: { path: string; what: string; movedTo?: string }[] };
	return { code, problems };
}

test("gc takes what no step names, and leaves what steps name, come from and are made of", async () => {
	const { directory, store, step, put, has } = makeCampaign("a", false);
	const weights = await store.put("weights", { step: "prepare", inputs: {} });
	const policy = await store.put(JSON.stringify({ schemaVersion: SCHEMA_VERSION, files: { weights } }), {
		step: "train",
		inputs: {},
	});
	const { made } = await step("sample", policy, "candidates");
	const plan = await put("plan-calls", "calls");
	const torn = await put("sample", "of a step that was killed");
	await age();
	const young = await put("sample", "just stored");
	expect(await gc(directory, "--dry-run")).toMatchObject({ code: 0, removed: 1 });
	expect(has(torn)).toBe(true);
	expect((await gc(directory)).garbage).toEqual([
		{ kind: "artifact", path: expect.stringContaining(torn.sha256), bytes: torn.bytes },
	]);
	expect([weights, policy, made, plan, young].map(has)).toEqual([true, true, true, true, true]);
	expect(has(torn)).toBe(false);
	expect(await gc(directory)).toMatchObject({ removed: 0 });
	expect(await fsck(directory)).toEqual({ code: 0, problems: [] });
});

test("gc of a shared store takes what a deleted campaign has left, unless another one uses it", async () => {
	writeFileSync(join(workspace, "workspace.json"), "{}");
	const [a, b] = [makeCampaign("a"), makeCampaign("b")];
	const both = await a.step("sample", undefined, "of both");
	const own = await a.step("pair", both.made, "of a alone");
	const store = join(workspace, "store");
	for (const { id } of [a, b]) await noteEngine(store, id, "onnx");
	await b.step("sample", undefined, "of both");
	rmSync(a.directory, { recursive: true });
	await age();
	const { garbage } = await gc("--workspace", workspace);
	expect(garbage.map(({ kind }) => kind)).toEqual(["step", "artifact", "note"]);
	expect(await Promise.all([a, b].map(({ id }) => notedEngine(store, id)))).toEqual([undefined, "onnx"]);
	expect([both.made, own.made].map(b.has)).toEqual([true, false]);
	expect(await fsck("--workspace", workspace)).toEqual({ code: 0, problems: [] });
	rmSync(b.directory, { recursive: true });
	await gc("--workspace", workspace);
	expect(b.has(both.made)).toBe(false);
	expect(
		readdirSync(join(workspace, "store/steps"), { recursive: true }).filter((name) =>
			/\.(used|json)$/.test(String(name)),
		),
	).toEqual([]);
});

test("gc and fsck see the campaigns of several seeds, and that a store which they share is in use", async () => {
	const own = makeCampaign("sums/seed-0", false);
	const { made } = await own.step("sample", undefined, "candidates");
	const torn = await own.put("sample", "of a step that was killed");
	const sharing = makeCampaign("sums/seed-1", "../../store");
	const shared = await sharing.step("sample", undefined, "of the shared store");
	await age();
	expect((await gc("--workspace", workspace)).garbage).toEqual([
		{ kind: "artifact", path: expect.stringContaining(torn.sha256), bytes: torn.bytes },
	]);
	expect([own.has(made), sharing.has(shared.made)]).toEqual([true, true]);
	const object = own.layout.object(made.sha256);
	const bytes = readFileSync(object);
	bytes[0]! ^= 1;
	writeFileSync(object, bytes);
	const { code, problems } = await fsck("--workspace", workspace);
	expect(code).toBe(1);
	expect(problems[0]).toMatchObject({ path: object, what: expect.stringContaining("do not match its name") });
});

test("gc leaves what an unfinished step keeps, and takes that of recorded steps and finished campaigns", async () => {
	const { directory, step } = makeCampaign("a", false);
	await step("sample", undefined, "candidates");
	const recorded = hashJson({});
	const work = join(directory, "work");
	mkdirSync(join(work, "train-dno-2-0123456789ab/checkpoints"), { recursive: true });
	writeFileSync(join(work, "train-dno-2-0123456789ab/checkpoints/checkpoint.safetensors"), "moments");
	writeFileSync(join(work, `sample-${recorded}.jsonl`), "finished");
	const leftover = join(directory, "policies/dno-1.0b6e7a3c-1111-4222-8333-1234567890ab.tmp");
	mkdirSync(leftover, { recursive: true });
	writeFileSync(join(leftover, "model.safetensors"), "half");
	const { garbage: early } = await gc(directory);
	expect(early).toEqual([]);
	await age();
	const yesterday = Date.now() / 1000 - 86_400;
	utimesSync(leftover, yesterday, yesterday);
	expect((await gc(directory)).garbage.map(({ kind }) => kind).toSorted()).toEqual(["temporary", "work"]);
	expect(readdirSync(work)).toEqual(["train-dno-2-0123456789ab"]);
	writeFileSync(join(directory, "report.json"), JSON.stringify({ campaign: { status: "finished" } }));
	utimesSync(join(work, "train-dno-2-0123456789ab"), yesterday, yesterday);
	await gc(directory);
	expect(readdirSync(work)).toEqual([]);
});

test("gc refuses to take young files from under a campaign that runs", async () => {
	const { directory, put, step } = makeCampaign("a");
	await step("sample", undefined, "candidates");
	const release = acquireLock(directory);
	try {
		await put("sample", "of the step in hand");
		await expect(gc(directory, "--grace", "0s")).rejects.toThrow(`process ${process.pid} may be writing`);
		await expect(gc("--workspace", workspace, "--grace", "59m")).rejects.toThrow("may be writing");
		expect(await gc(directory)).toMatchObject({ code: 0, removed: 0 });
	} finally {
		release();
	}
	expect(await gc(directory, "--grace", "0s")).toMatchObject({ code: 0, removed: 1 });
});

test("a worker of this machine keeps its workspace's bucket from being repaired, before anything of it is asked for", async () => {
	const store = "s3://no-such-bucket/dno";
	const directory = join(workspace, "a");
	makeCampaign("a");
	const file = JSON.parse(readFileSync(join(directory, "campaign.json"), "utf8"));
	writeFileSync(join(directory, "campaign.json"), JSON.stringify({ ...file, store }));
	writeFileSync(join(workspace, "workspace.json"), JSON.stringify({ schemaVersion: 1, id: "dno-01234567", store }));
	mkdirSync(join(workspace, "workers"));
	writeFileSync(join(workspace, "workers/judge-1.json"), JSON.stringify({ name: "judge-1", pid: process.pid }));
	for (const place of [[directory], ["--workspace", workspace]])
		await expect(fsck(...place, "--repair")).rejects.toThrow(
			`${workspace}: process ${process.pid} may be writing. Stop it first`,
		);
});

test("gc and fsck say what is missing", async () => {
	await expect(gc(join(workspace, "no"))).rejects.toThrow("there is no campaign here");
	await expect(fsck("--workspace", workspace)).rejects.toThrow("there are no campaigns here");
	await expect(gc("a", "--workspace", workspace)).rejects.toThrow("a campaign and a workspace are named");
	await expect(gc(workspace, "--grace", "1 week")).rejects.toThrow("--grace takes a number with s, m, h or d");
	makeCampaign("a");
	writeFileSync(join(workspace, "a/campaign.json"), '{"id":');
	await expect(gc("--workspace", workspace)).rejects.toThrow("not a campaign file of this version, or damaged");
});

test("fsck finds every kind of damage, and --repair moves it away so that steps are done again", async () => {
	const { directory, layout, step, store } = makeCampaign("a", false);
	const steps = [];
	for (const name of ["kept", "object", "record", "missing"])
		steps.push(await step(name, undefined, `made by ${name}`));
	const [kept, object, , missing] = steps;
	const flip = (path: string, at: number) => {
		const bytes = readFileSync(path);
		bytes[at]! ^= 1;
		writeFileSync(path, bytes);
	};
	flip(layout.object(object!.made.sha256), 3);
	rmSync(layout.object(missing!.made.sha256));
	const record = layout.step(stepKey("record", { from: undefined }));
	flip(record, readFileSync(record).indexOf("bytes") + 8);
	flip(layout.lineage(kept!.made.sha256), 0);
	const key = "ab".repeat(32);
	const verdicts = createFolderVerdictStore(join(workspace, "verdicts"));
	await verdicts.put({
		...{ schemaVersion: 1, key, judge: "judge", model: "model", text: "A", cost: 0.25, at: "2026-01-01T00:00:00.000Z" },
		reading: { kind: "choice", first: 1, reason: "" },
		usage: { input: 10, cachedInput: 0, output: 2 },
	});
	const verdict = join(workspace, "verdicts/ab", `${key}.json`);
	flip(verdict, readFileSync(verdict).indexOf('"first":1') + 8);
	const ledger = createFileLedger(join(directory, "ledger.jsonl"));
	const entry: LedgerEntry = {
		schemaVersion: 1,
		kind: "settled",
		call: "1",
		at: "2026-01-01T00:00:00.000Z",
		usage: { input: 1, cachedInput: 0, output: 1 },
		cost: 1,
	};
	await ledger.append(entry);
	appendFileSync(join(directory, "ledger.jsonl"), '\n{"schemaVersion":1,"ki');

	const found = await fsck(directory);
	expect(found.code).toBe(1);
	expect(found.problems.map(({ what }) => what).toSorted()).toEqual([
		"a line of the ledger is no entry: a kill tore it, or it is damaged",
		"a step's record is damaged",
		"a stored verdict is damaged: its bytes are not those written",
		expect.stringContaining("an artifact's bytes do not match its name"),
		expect.stringContaining("step missing names an artifact that is missing or damaged"),
		expect.stringContaining("step object names an artifact that is missing or damaged"),
		"what says where an artifact comes from is not JSON",
	]);
	const release = acquireLock(directory);
	await expect(fsck(directory, "--repair")).rejects.toThrow("may be writing");
	release();
	const repaired = await fsck(directory, "--repair");
	expect(repaired).toMatchObject({
		code: 1,
		problems: found.problems.map(({ path }) => ({ path, movedTo: expect.any(String) })),
	});
	for (const { movedTo } of repaired.problems) expect(existsSync(movedTo!)).toBe(true);
	expect(await fsck(directory)).toEqual({ code: 0, problems: [] });
	expect(await ledger.read()).toEqual([entry]);
	// Another process's store: what one has kept it need not read again.
	expect(await createFolderVerdictStore(join(workspace, "verdicts")).find(key)).toBeUndefined();

	for (const name of ["object", "record", "missing"]) {
		expect(await step(name, undefined, `made by ${name}`)).toEqual({
			made: expect.objectContaining({ bytes: `made by ${name}`.length }),
		});
	}
	expect(String(await store.get(object!.made))).toBe("made by object");
	expect(await fsck(directory)).toEqual({ code: 0, problems: [] });
});

test("what something was made from is missed as long as it is not there, and a finished campaign that uses it runs again", async () => {
	const { directory, id, layout, step } = makeCampaign("a");
	const other = makeCampaign("b");
	const { made } = await step("sample", undefined, "candidates");
	await step("judge", made, "verdicts");
	await other.step("sample", undefined, "others");
	const { campaign, ...rest } = fixtureReport();
	for (const each of [{ directory, id }, other]) {
		const report = { ...rest, campaign: { ...campaign, id: each.id } };
		writeFileSync(join(each.directory, "report.json"), JSON.stringify(report));
	}
	// As a run that found it damaged would have left it.
	rmSync(layout.object(made.sha256));
	rmSync(layout.step(stepKey("sample", { from: undefined })));
	const problems = [
		{
			path: layout.object(made.sha256),
			what: "an artifact is missing that step judge made something from",
			users: [id],
		},
	];
	expect(await fsck("--workspace", workspace)).toEqual({ code: 1, problems });
	const statusOf = (folder: string) => JSON.parse(readFileSync(join(folder, "report.json"), "utf8")).campaign.status;
	expect(statusOf(directory)).toBe("finished");
	let printed = "";
	expect(await runFsck(["--workspace", workspace, "--repair"], (text) => (printed += text))).toBe(1);
	expect(printed).toContain(`${id} had finished, and counts as unfinished until it has run again`);
	expect([directory, other.directory].map(statusOf)).toEqual(["running", "finished"]);
	await step("sample", undefined, "candidates");
	expect(await fsck("--workspace", workspace)).toEqual({ code: 0, problems: [] });
});

test("what a kill has left of an artifact that was being stored is nothing that is missing", async () => {
	const { directory, layout, step, put } = makeCampaign("a", false);
	const { made } = await step("sample", undefined, "candidates");
	const torn = await put("judge", "verdicts");
	rmSync(layout.object(torn.sha256));
	writeFileSync(
		layout.lineage(torn.sha256),
		JSON.stringify({ step: "judge", inputs: { from: { ...made, sha256: "0".repeat(64) } } }),
	);
	expect(await fsck(directory)).toEqual({ code: 0, problems: [] });
});
