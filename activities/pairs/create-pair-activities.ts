import type { CampaignConfig } from "../../core/config.ts";
import { hashSeed } from "../../core/random.ts";
import { pair } from "../../core/records.ts";
import { sum } from "../../core/statistics.ts";
import type { PairJob, PairResult } from "../../core/steps.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { longStep, untilWorkerStops } from "../long-step.ts";
import { readJudged } from "../oracle/candidates.ts";
import { durableStep, type PutStream } from "../store/durable-step.ts";
import { readChosenLines, toJsonLines } from "../store/json-lines.ts";
import type { Store } from "../store/store.ts";
import {
	addToTally,
	drawReplayed,
	emptyTally,
	makePairs,
	type PairTally,
	pairCounts,
	verdictCounts,
} from "./make-pairs.ts";

/** Turns verdicts into preference pairs. */
export function createPairActivities({ store }: ActivityDependencies) {
	return {
		async pairCandidates(job: PairJob): Promise<PairResult> {
			const { seed, pairs: rules, training } = await readConfig(store, job.config);
			const { epochs, batchSize } = training;
			const { candidates, verdicts: verdictRefs, previous, iteration, line } = job;
			const inputs = { seed, rules, epochs, batchSize, candidates, verdictRefs, previous, iteration, line };
			const run = async (put: PutStream): Promise<PairResult> => {
				const tally = emptyTally();
				const fresh = await put(freshPairs(store, job, rules, tally));
				const count = sum(Object.values(tally.bySource));
				const replayed: string[] = [];
				// One iteration after the other, and as text: all of them take more memory than a worker has.
				for (const [back, ref] of previous.entries()) {
					const share = rules.replay[back] ?? 0;
					const choose = (available: number) =>
						drawReplayed(available, count, share, hashSeed(seed, line, iteration), back);
					for (const each of await readChosenLines(store, ref, pair, choose)) replayed.push(toJsonLines([each]));
				}
				const all = count + replayed.length;
				return {
					pairs: replayed.length === 0 ? fresh : await put(behind(await store.get(fresh), replayed)),
					fresh,
					count: all,
					counts: pairCounts(tally, replayed.length),
					verdicts: verdictCounts(tally),
					steps: Math.ceil((all * epochs) / batchSize),
				};
			};
			return longStep(() => durableStep(store, "pair", inputs, run));
		},
	};
}

/** New pairs as JSON lines, of one part of the candidates after the other, which are counted as they come. */
async function* freshPairs(
	store: Store,
	{ candidates, verdicts, iteration }: PairJob,
	rules: CampaignConfig["pairs"],
	tally: PairTally,
): AsyncGenerator<string> {
	for await (const part of untilWorkerStops(readJudged(store, [candidates], verdicts))) {
		const pairs = makePairs(part.groups, part.verdicts, rules, iteration);
		addToTally(tally, part.verdicts, pairs);
		yield toJsonLines(pairs);
	}
}

async function* behind(fresh: Uint8Array, replayed: readonly string[]): AsyncGenerator<string | Uint8Array> {
	yield fresh;
	yield* replayed;
}
