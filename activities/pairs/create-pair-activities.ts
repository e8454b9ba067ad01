import { hashSeed } from "../../core/random.ts";
import { pair, verdict } from "../../core/records.ts";
import type { PairJob, PairResult } from "../../core/steps.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { readCandidates } from "../oracle/candidates.ts";
import { durableStep } from "../store/durable-step.ts";
import { readJsonLines, toJsonLines } from "../store/json-lines.ts";
import { countPairs, countVerdicts, makePairs, replayPairs } from "./make-pairs.ts";

/** Turns verdicts into preference pairs. */
export function createPairActivities({ store }: ActivityDependencies) {
	return {
		async pairCandidates(job: PairJob): Promise<PairResult> {
			const { seed, pairs: rules, training } = await readConfig(store, job.config);
			const { epochs, batchSize } = training;
			const { candidates, verdicts: verdictRefs, previous, iteration, line } = job;
			const inputs = { seed, rules, epochs, batchSize, candidates, verdictRefs, previous, iteration, line };
			return durableStep(store, "pair", inputs, async (put) => {
				const groups = await readCandidates(store, candidates);
				const verdicts = (await Promise.all(verdictRefs.map((ref) => readJsonLines(store, ref, verdict)))).flat();
				const older = await Promise.all(previous.map((ref) => readJsonLines(store, ref, pair)));
				const fresh = makePairs(groups, verdicts, rules, iteration);
				const replayed = replayPairs(fresh.length, older, rules.replay, hashSeed(seed, line, iteration));
				const all = [...fresh, ...replayed];
				return {
					pairs: await put(toJsonLines(all)),
					fresh: await put(toJsonLines(fresh)),
					count: all.length,
					counts: countPairs(fresh, replayed),
					verdicts: countVerdicts(verdicts),
					steps: Math.ceil((all.length * epochs) / batchSize),
				};
			});
		},
	};
}
