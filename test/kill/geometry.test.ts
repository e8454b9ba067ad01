import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createRandom } from "../../core/random.ts";
import { readReport, startDno } from "../integration/run-dno.ts";

/** How often the command is killed, and the seed of the moments; `KILL_SEED=7 npm run test:kill` tries others. */
const KILLS = 5;
const SEED = Number(process.env.KILL_SEED ?? Date.now() % 100_000);

test(`the geometry campaign, killed at ${KILLS} random moments (KILL_SEED=${SEED}), ends with identical lines`, async () => {
	const folder = mkdtempSync(join(tmpdir(), "dno-kill-"));
	const args = (out: string) => ["run", "examples/geometry", "--quick", "--json", "--out", join(folder, out)];
	try {
		const start = performance.now();
		expect((await startDno(args("undisturbed")).ended).code).toBe(0);
		const seconds = (performance.now() - start) / 1000;

		const random = createRandom(SEED);
		const moments: string[] = [];
		for (let kill = 0; kill < KILLS; kill++) {
			const { child, ended, events } = startDno(args("killed"));
			const after = random() * seconds * 0.5;
			await Promise.race([sleep(after * 1000), ended]);
			child.kill("SIGKILL");
			await ended;
			const last = events.findLast((e) => e.event === "progress");
			moments.push(
				`${after.toFixed(1)} s: ${last ? `${last.line} ${last.iteration} ${last.stage} ${last.done}/${last.total}` : "setup"}`,
			);
		}
		expect((await startDno(args("killed")).ended).code).toBe(0);
		console.log(`undisturbed ${seconds.toFixed(1)} s; killed after\n  ${moments.join("\n  ")}`);
		expect(readReport(join(folder, "killed")).lines).toEqual(readReport(join(folder, "undisturbed")).lines);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});
