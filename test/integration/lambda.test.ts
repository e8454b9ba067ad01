import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Attempt } from "../fault-server/records.ts";
import { NO_FAULTS } from "../fault-server/script.ts";
import { startFaultServer } from "../fault-server/start-fault-server.ts";
import { makeCases } from "../faults/candidates.ts";
import { examine, repeatedCalls } from "../faults/tally.ts";
import { startFanOut } from "../lambda/fan-out.ts";
import { buildAndUnzip, DEPLOYMENT, faultJudge, host, KEY, KEY_VARIABLE, PRICE } from "../lambda/hosted.ts";
import { findRic } from "../lambda/ric.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const ric = await findRic();

test.skipIf("missing" in ric)(
	"the judges' function, encrypted, with its key in a secret and nowhere else",
	async () => {
		// Whoever builds may have keys of his own around.
		vi.stubEnv(KEY_VARIABLE, KEY);
		await using unzipped = await buildAndUnzip();
		vi.unstubAllEnvs();
		await using server = await startFaultServer({ script: NO_FAULTS, price: PRICE, key: KEY });
		const cases = makeCases("function", 40, 3);
		const payloadKey = randomBytes(32).toString("base64");
		const file = join(temporaryFolder(), "keys");
		await writeFile(file, payloadKey);
		await using fanOut = await startFanOut(faultJudge(server), cases, { env: { DNO_PAYLOAD_KEY_FILE: file } });
		const { main } = ric as { readonly main: string };
		const env = { DNO_DRAIN_SECONDS: "1.5" };
		await using hosted = await host(main, unzipped, fanOut, env, { DNO_PAYLOAD_KEYS: `${payloadKey}\n` });
		const handle = await fanOut.begin();
		const judged = fanOut.verdicts(handle);
		judged.catch(() => {});
		const current = fanOut.makeCurrent(DEPLOYMENT, unzipped.bundle.buildId);
		current.catch(() => {});
		let verdicts: Awaited<typeof judged> | undefined;
		for (let i = 0; i < 10 && verdicts === undefined; i++) {
			expect(await hosted.lambda.invoke({}, 6_000)).toMatchObject({ kind: "response" });
			verdicts = await Promise.race([judged, undefined]);
		}
		await current;
		const { tally, problems } = examine(server, cases, verdicts ?? []);
		expect(problems).toEqual([]);
		expect(tally).toMatchObject({ judgments: 40, judged: 40, calls: 40, paidTwice: 0, mislabelled: 0 });
		// One process for all invocations, which asks for the secret once.
		expect(hosted.secretReads()).toBe(1);
		const events = hosted.lambda.lines.map(({ event }) => event);
		expect(events.filter((event) => event === "init")).toHaveLength(1);
		expect(events.slice(0, 3)).toEqual(["init", "polling", "drained"]);
		expect(server.records.authorization).toEqual({ planted: 40, other: 0, none: 0 });
		// Not in the log, the workspace, Temporal's database, the function's files or its zip.
		for (const key of [KEY, payloadKey]) {
			expect(hosted.log()).not.toContain(key);
			expect(await fanOut.filesWith(key)).toEqual([]);
			expect(await unzipped.filesWith(key)).toEqual([]);
		}
		expect(await fanOut.filesWith("binary/encrypted")).toContainEqual(expect.stringContaining("temporal.db"));
	},
);

/** Invocations that are killed: those after the first one in the ten seconds and more after which Temporal misses its calls. */
const CUTS = 4;

test.skipIf("missing" in ric)(
	"killed at 3 s with calls under way: all is judged, and what was kept is not asked again",
	async () => {
		await using unzipped = await buildAndUnzip();
		// Slower than a reply is kept, so that some calls are under way whenever one has been kept.
		await using server = await startFaultServer({ script: NO_FAULTS, latency: 1_000, price: PRICE, key: KEY });
		const { records } = server;
		const cases = makeCases("cut", 60, 3);
		await using fanOut = await startFanOut(faultJudge(server, { timeoutSeconds: 60 }), cases);
		await using hosted = await host((ric as { main: string }).main, unzipped, fanOut, { DNO_DRAIN_SECONDS: "1.5" });
		const handle = await fanOut.begin();
		let isOver = false;
		const judged = fanOut.verdicts(handle).finally(() => {
			isOver = true;
		});
		judged.catch(() => {});
		const current = fanOut.makeCurrent(DEPLOYMENT, unzipped.bundle.buildId);
		current.catch(() => {});
		const lost = new Set<Attempt>();
		const kept = () => keptReplies(fanOut.workspace.directory);
		// By what has come of it and not by the clock alone: on a slow machine 3 s may not suffice for a single call.
		const isUnderWay = () => records.open > 0 && kept().length > 0;
		for (let cuts = 0; !isOver; cuts++) {
			const isTime = () => isOver || (cuts < CUTS && (cuts > 0 || isUnderWay()));
			await hosted.lambda.invokeAndCut({}, 60_000, 3_000, isTime);
			// Before this is answered, the server has read all that was sent to it before.
			await fetch(`${server.url}/models`);
			// The process is dead, so it is decided what was kept.
			const texts = kept().map((file) => readFileSync(file, "utf8"));
			const known = new Set(texts.map((text) => / of (cut-\d+)\./.exec(text)![1]!));
			for (const { question, attempts } of records.questions.values())
				if (!known.has(question.case)) for (const attempt of attempts) lost.add(attempt);
		}
		const verdicts = await judged;
		await current;
		expect(lost.size).toBeGreaterThan(0);
		const { tally, problems } = examine(server, cases, verdicts, [...lost]);
		expect(problems).toEqual([]);
		expect(tally).toMatchObject({ judgments: 60, judged: 60, paidTwice: 0, mislabelled: 0 });
		expect(repeatedCalls(server)).toBe(lost.size);
	},
);

/** Files of the replies in a workspace's verdict store. */
function keptReplies(workspace: string): string[] {
	const folder = join(workspace, "verdicts");
	if (!existsSync(folder)) return [];
	const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
	// Others are not whole yet.
	const whole = entries.filter((entry) => entry.isFile() && /^[0-9a-f]+\.json$/.test(entry.name));
	return whole.map(({ parentPath, name }) => join(parentPath, name));
}

test.skipIf("missing" in ric)("a function without its workspace says so and does not start", async () => {
	await using unzipped = await buildAndUnzip();
	await using server = await startFaultServer({ script: NO_FAULTS, price: PRICE, key: KEY });
	await using fanOut = await startFanOut(faultJudge(server), makeCases("none", 1, 2));
	const nowhere = { DNO_WORKSPACE: join(fanOut.root, "nowhere") };
	await using hosted = await host((ric as { main: string }).main, unzipped, fanOut, nowhere);
	await expect(hosted.lambda.invoke({}, 6_000)).rejects.toThrow(/DNO_WORKSPACE: this folder is no workspace/);
	expect(hosted.log()).not.toContain(KEY);
});
