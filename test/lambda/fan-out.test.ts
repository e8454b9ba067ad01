import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NO_FAULTS } from "../fault-server/script.ts";
import { type FaultServer, startFaultServer } from "../fault-server/start-fault-server.ts";
import { makeCases } from "../faults/candidates.ts";
import { examine, repeatedCalls } from "../faults/tally.ts";
import { filesWith } from "../files-with.ts";
import { startS3Server, useS3 } from "../s3/s3-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { startFanOut } from "./fan-out.ts";
import { buildAndUnzip, DEPLOYMENT, faultJudge, type Hosted, host, KEY, PRICE, type Unzipped } from "./hosted.ts";
import { findRic } from "./ric.ts";

const ric = await findRic();
const s3 = await startS3Server();
if (s3 !== undefined) useS3(s3);
afterAll(() => s3?.stop());
const JUDGMENTS = 500;
const CUT_MS = 3_000;
/** An EventBridge schedule's. */
const EVENT = { source: "aws.events", "detail-type": "Scheduled Event", detail: {} };

let unzipped: Unzipped;
beforeAll(async () => {
	unzipped = await buildAndUnzip();
});
afterAll(() => unzipped[Symbol.asyncDispose]());

const STARTS = 5;

function median(values: readonly number[]): number {
	return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!);
}

/** Calls that were under way at the cuts. */
type Unsettled = ReturnType<FaultServer["records"]["unsettledAt"]>;

/** One invocation; what was under way where it was cut. */
type Invoke = (hosted: Hosted, server: FaultServer) => Promise<Unsettled>;

interface Variant {
	readonly judge?: object;
	readonly judgments?: number;
	/** `s3://bucket/prefix`. */
	readonly store?: string;
}

async function judgeAll(
	invoke: Invoke,
	env: Readonly<Record<string, string>>,
	{ judge = {}, judgments = JUDGMENTS, store }: Variant = {},
) {
	await using server = await startFaultServer({ script: NO_FAULTS, latency: 200, price: PRICE, key: KEY });
	const cases = makeCases("lambda", judgments, 3);
	await using fanOut = await startFanOut(faultJudge(server, judge), cases, { ...(store !== undefined && { store }) });
	await using hosted = await host("main" in ric ? ric.main : "", unzipped, fanOut, env);
	const handle = await fanOut.begin();
	let isOver = false;
	const over = handle.result().finally(() => {
		isOver = true;
	});
	over.catch(() => {});
	const current = fanOut.makeCurrent(DEPLOYMENT, unzipped.bundle.buildId);
	current.catch(() => {});
	const unsettled: Unsettled = [];
	let invocations = 0;
	const begun = performance.now();
	while (!isOver) {
		unsettled.push(...(await invoke(hosted, server)));
		invocations++;
	}
	const seconds = (performance.now() - begun) / 1000;
	await Promise.all([over, current]);
	const verdicts = await fanOut.verdicts(handle);
	const { tally, problems } = examine(server, cases, verdicts, unsettled);
	expect(problems).toEqual([]);
	expect(tally).toMatchObject({ judgments, judged: judgments, paidTwice: 0, mislabelled: 0 });
	expect(server.records.authorization).toEqual({ planted: server.records.calls, other: 0, none: 0 });
	expect(hosted.log()).not.toContain(KEY);
	expect(await fanOut.filesWith(KEY)).toEqual([]);
	return { repeated: repeatedCalls(server), unsettled: unsettled.length, invocations, seconds, server };
}

/** @param keepMs how long it may take until a reply that has come is kept */
const killed =
	(keepMs: number): Invoke =>
	async ({ lambda }, { records }) => {
		await lambda.invokeAndCut(EVENT, 60_000, CUT_MS);
		return records.unsettledAt(performance.now(), keepMs);
	};

function killedLine(result: Awaited<ReturnType<typeof judgeAll>>): string {
	const { invocations, seconds, unsettled, repeated } = result;
	return `killed at 3 s: ${invocations} invocations, ${seconds.toFixed(1)} s, ${unsettled} calls in flight at the cuts, ${repeated} of them made again`;
}

describe.skipIf("missing" in ric)("500 judgments by the bundle under AWS's runtime interface client", () => {
	test("undisturbed, invoked again and again", async () => {
		const invoke: Invoke = async ({ lambda }) => {
			expect(await lambda.invoke(EVENT, 12_000)).toMatchObject({ kind: "response" });
			return [];
		};
		const { repeated, invocations, seconds } = await judgeAll(invoke, { DNO_DRAIN_SECONDS: "3" });
		expect(repeated).toBe(0);
		console.log(`undisturbed: ${invocations} invocations, ${seconds.toFixed(1)} s, no call repeated`);
	});

	test("requests a minute are the judge's, whatever the function's concurrency", async () => {
		const judge = { requestsPerMinute: 300 };
		const invoke: Invoke = async ({ lambda }) => {
			await lambda.invoke(EVENT, 15_000);
			return [];
		};
		const { server } = await judgeAll(invoke, { DNO_DRAIN_SECONDS: "2" }, { judge, judgments: 60 });
		// Five a second, and what the queue lets through at once.
		expect(server.records.busiest(4000)).toBeLessThanOrEqual(2 * 5 * 4);
		expect(server.records.busiest(1000)).toBeLessThanOrEqual(3 * 5);
	});

	test("a cold start", async () => {
		await using server = await startFaultServer({ script: NO_FAULTS, price: PRICE, key: KEY });
		await using fanOut = await startFanOut(faultJudge(server), makeCases("cold", 1, 2));
		const main = "main" in ric ? ric.main : "";
		await using hosted = await host(main, unzipped, fanOut, { DNO_DRAIN_SECONDS: "1.5" });
		const { lambda } = hosted;
		for (let i = 0; i < STARTS; i++) {
			await lambda.kill();
			expect(await lambda.invoke(EVENT, CUT_MS)).toMatchObject({ kind: "response" });
		}
		const polling = lambda.lines.filter(({ event }) => event === "polling").map((line) => 1000 * Number(line.seconds));
		expect(lambda.starts).toHaveLength(STARTS);
		expect(polling).toHaveLength(STARTS);
		const { zipped, unzipped: bytes } = unzipped.bundle.sizes;
		console.log(
			`cold start, median of ${STARTS}: ${median(lambda.starts)} ms from the process to its first invocation, ${median(polling)} ms from there until all queues are polled; ${lambda.peakMegabytes()} MB of memory at most; zip ${zipped} bytes, unzipped ${bytes} bytes`,
		);
	});

	test("every invocation killed at 3 s", async () => {
		const result = await judgeAll(killed(300), {});
		expect(result.repeated).toBeLessThanOrEqual(result.unsettled);
		console.log(killedLine(result));
	});

	test.skipIf(s3 === undefined)("every invocation killed at 3 s, with a bucket and no folder in common", async () => {
		const own = temporaryFolder();
		const store = `s3://${s3!.bucket}/function`;
		const env = { ...s3!.env, DNO_STORE: store, DNO_WORKSPACE: join(own, "runs"), DNO_STORE_CACHE: join(own, "cache") };
		const result = await judgeAll(killed(1_500), env, { store, judgments: 100 });
		expect(result.repeated).toBeLessThanOrEqual(result.unsettled);
		expect(await filesWith(s3!.folder, KEY)).toEqual([]);
		console.log(`in a bucket, ${killedLine(result)}`);
	});

	test("every invocation with a deadline of 3 s, in a fresh process", async () => {
		const invoke: Invoke = async ({ lambda }) => {
			expect(await lambda.invoke(EVENT, CUT_MS)).toMatchObject({ kind: "response" });
			await lambda.kill();
			return [];
		};
		const { repeated, invocations, seconds } = await judgeAll(invoke, { DNO_DRAIN_SECONDS: "1.5" });
		expect(repeated).toBe(0);
		console.log(`a deadline of 3 s: ${invocations} invocations, ${seconds.toFixed(1)} s, no call repeated`);
	});
});
