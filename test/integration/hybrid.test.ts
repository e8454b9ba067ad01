import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCampaign } from "../../cli/load-campaign.ts";
import { createCampaignClient } from "../../infra/campaign/client.ts";
import { connectClient } from "../../infra/campaign/client-connection.ts";
import { startInPool } from "../../infra/workspace/start-in-pool.ts";
import { openWorkspace } from "../../infra/workspace/workspace.ts";
import { buildAndUnzip, DEPLOYMENT, type Hosted, host, type Unzipped } from "../lambda/hosted.ts";
import { makeCurrent } from "../lambda/make-current.ts";
import { findRic } from "../lambda/ric.ts";
import { startS3Server, useS3 } from "../s3/s3-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type DnoProcess, resultOf, startDno } from "./run-dno.ts";

const EXAMPLE = join(import.meta.dirname, "../../examples/geometry");
/** The example, smaller: what is shown is how it is run, not what it learns. */
const SET = [
	"iterations=1",
	"prompts.perIteration=120",
	"evaluation.maxPrompts=40",
	"evaluation.maxValidationPrompts=20",
];
const CUT_MS = 3_000;

const ric = await findRic();
const s3 = await startS3Server();
if (s3 !== undefined) useS3(s3);
afterAll(() => s3?.stop());

describe.skipIf("missing" in ric || s3 === undefined)(
	"the hybrid, as processes that share a bucket and a server alone",
	() => {
		const folder = temporaryFolder(afterAll);
		let unzipped: Unzipped;
		let alone: ReturnType<typeof resultOf>;
		beforeAll(async () => {
			unzipped = await buildAndUnzip();
			const set = SET.flatMap((each) => ["--set", each]);
			const out = join(folder, "alone");
			expect(await startDno(["run", EXAMPLE, ...set, "--out", out, "--json"]).ended).toEqual({ code: 0, stderr: "" });
			alone = resultOf(out);
		});
		afterAll(() => unzipped?.[Symbol.asyncDispose]());

		/**
		 * Temporal and control worker, two GPU workers of other hosts, the judges' function; runs the campaign to its end.
		 *
		 * @param invoke one invocation of the function
		 * @param meanwhile what befalls the GPU workers
		 */
		async function runHybrid(
			name: string,
			invoke: (hosted: Hosted) => Promise<void>,
			meanwhile: (hosts: readonly DnoProcess[]) => Promise<void>,
		): Promise<string> {
			const store = `s3://${s3!.bucket}/${name}`;
			const [control, judges, ...gpus] = ["control", "judges", "one", "two"].map((each) => join(folder, name, each));
			mkdirSync(control!, { recursive: true });
			const counts = ["--judges", "0", "--gpu-workers", "0"];
			const up = startDno(["up", "--workspace", control!, "--store", store, ...counts, "--json"]);
			const address = String((await up.until((e) => e.event === "server")).address);
			const hosts = gpus.map((gpu, i) =>
				startDno(["worker", "gpu", "--workspace", gpu, "--store", store, "--name", `gpu-${i}`, "--json"], {
					// As on another machine.
					env: { TEMPORAL_ADDRESS: address, DNO_STORE_CACHE: join(gpu, "cache") },
				}),
			);
			const { connection, close } = await connectClient({ address });
			let isOver = false;
			try {
				await Promise.all(hosts.map((each) => each.until((e) => e.event === "ready")));
				const env = { ...s3!.env, DNO_STORE: store, DNO_STORE_CACHE: join(judges!, "cache"), DNO_DRAIN_SECONDS: "1.5" };
				const { main } = ric as { readonly main: string };
				await using hosted = await host(main, unzipped, { address, workspace: { directory: judges! } }, env);
				const version = { deploymentName: DEPLOYMENT, buildId: unzipped.bundle.buildId };
				const current = makeCurrent(new Client({ connection }), version, () => isOver);
				current.catch(() => {});
				const loaded = await loadCampaign(EXAMPLE, { set: SET, quick: false });
				const directory = join(control!, "geometry");
				const { id } = await startInPool(await openWorkspace(control!), { loaded, fromScratch: false, directory });
				const client = await createCampaignClient({ address });
				const ended = client.wait(id).finally(() => {
					isOver = true;
				});
				const befallen = meanwhile(hosts);
				befallen.catch(() => {});
				while (!isOver) await invoke(hosted);
				await Promise.all([ended, befallen, current]);
				await client.close();
				return directory;
			} finally {
				isOver = true;
				await close();
				for (const each of [...hosts, up]) each.child.kill("SIGTERM");
				await Promise.all([...hosts, up].map((each) => each.ended));
			}
		}

		test("undisturbed, it gives what one process gives", async () => {
			const invoke = async ({ lambda }: Hosted) => {
				expect(await lambda.invoke({}, 6_000)).toMatchObject({ kind: "response" });
			};
			expect(resultOf(await runHybrid("undisturbed", invoke, async () => {}))).toEqual(alone);
		});

		test("and so it does with every invocation killed at 3 s and a GPU worker evicted while it trains", async () => {
			let cuts = 0;
			const invoke = async ({ lambda }: Hosted) => {
				await lambda.invokeAndCut({}, 60_000, CUT_MS);
				cuts++;
			};
			const evict = async (hosts: readonly DnoProcess[]) => {
				const isTraining = (e: Record<string, unknown>) => e.event === "progress" && e.stage === "train";
				const busy = await Promise.race(hosts.map((each, i) => each.until(isTraining).then(() => i)));
				const [evicted, other] = [hosts[busy]!, hosts[1 - busy]!];
				evicted.child.kill("SIGTERM");
				expect((await evicted.ended).code).toBe(0);
				const last = evicted.events.findLast(isTraining)!;
				expect(Number(last.done)).toBeLessThan(Number(last.total));
				const next = await other.until((e) => isTraining(e) && e.line === last.line);
				// They share no disk: the checkpoint went by way of the bucket.
				expect(Number(next.done)).toBe(Number(last.done) + 1);
				console.log(`evicted after step ${last.done} of ${last.total} of ${last.line}; went on elsewhere`);
			};
			expect(resultOf(await runHybrid("disturbed", invoke, evict))).toEqual(alone);
			expect(cuts).toBeGreaterThan(1);
			console.log(`${cuts} invocations, each killed at 3 s`);
		});
	},
);
