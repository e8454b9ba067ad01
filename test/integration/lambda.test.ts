import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { NO_FAULTS } from "../fault-server/script.ts";
import { startFaultServer } from "../fault-server/start-fault-server.ts";
import { makeCases } from "../faults/candidates.ts";
import { examine } from "../faults/tally.ts";
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

test.skipIf("missing" in ric)("a function without its workspace says so and does not start", async () => {
	await using unzipped = await buildAndUnzip();
	await using server = await startFaultServer({ script: NO_FAULTS, price: PRICE, key: KEY });
	await using fanOut = await startFanOut(faultJudge(server), makeCases("none", 1, 2));
	const nowhere = { DNO_WORKSPACE: join(fanOut.root, "nowhere") };
	await using hosted = await host((ric as { main: string }).main, unzipped, fanOut, nowhere);
	await expect(hosted.lambda.invoke({}, 6_000)).rejects.toThrow(/DNO_WORKSPACE: this folder is no workspace/);
	expect(hosted.log()).not.toContain(KEY);
});
