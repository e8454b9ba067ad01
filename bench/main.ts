/*
 * `npm run bench`: the engine on a small model; `-- sampling` and `-- training`: beside transformers and TRL; `-- int8`: 8-bit
 * weights beside float32; `-- judging` and `-- orchestration`: beside what Temporal allows; `-- histories`: how long
 * they get; `-- idle`: a paused campaign; `-- greedy`: a check, not a race.
 */

const [name = "engine", ...args] = process.argv.slice(2);
if (name.startsWith("-") || name === "engine") await import("./engine.ts");
else if (name === "sampling") await (await import("./sampling.ts")).benchSampling(args);
else if (name === "training") await (await import("./training.ts")).benchTraining(args);
else if (name === "judging") await (await import("./judging.ts")).benchJudging(args);
else if (name === "orchestration") await (await import("./orchestration.ts")).benchOrchestration(args);
else if (name === "histories") await (await import("./histories.ts")).benchHistories(args);
else if (name === "idle") await (await import("./idle.ts")).benchIdle(args);
else if (name === "greedy") await (await import("./greedy.ts")).checkGreedy(args);
else if (name === "int8") await (await import("./int8.ts")).benchInt8(args);
else
	throw new Error(
		`unknown benchmark ${name}: engine, sampling, int8, training, judging, orchestration, histories, idle or greedy`,
	);
