import { existsSync } from "node:fs";
import type { EngineRoom } from "../engine-room.ts";
import { runCommand } from "../run.ts";

// `dno run` with a campaign that does nothing until it is stopped, for tests of Ctrl-C and of dying processes. With
// STUBBORN set it does not stop when asked to.
const room: EngineRoom = {
	runCampaign: ({ emit, signal }) =>
		new Promise((resolve) => {
			const alive = setInterval(() => {}, 1000);
			emit({ event: "iteration", iteration: 1, points: {}, seconds: 1 });
			signal.addEventListener("abort", () => {
				if (process.env.STUBBORN) return;
				clearInterval(alive);
				resolve("stopped");
			});
		}),
	aggregateSeeds: async () => ({ report: "" }),
	runPretrain: async () => {},
};

if (!existsSync(process.argv[2] ?? "")) throw new Error("the campaign's folder is missing");
process.exitCode = await runCommand(process.argv.slice(2), room);
