import { CancelledFailure } from "@temporalio/common";
import { expect, test } from "vitest";
import { config } from "../../cli/testing/events.ts";
import { createRandom, hashSeed, shuffle } from "../../core/random.ts";
import { type ArtifactRef, pair } from "../../core/records.ts";
import type { PairJob } from "../../core/steps.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { readJsonLines, toJsonLines } from "../store/json-lines.ts";
import { group, scores } from "../testing/groups.ts";
import { inActivity } from "../testing/in-activity.ts";
import { createPairActivities } from "./create-pair-activities.ts";

const PART = 10;

/** A store, and pairings of prompts in it whose first answer is the best one. */
function pairing() {
	const store = createFolderStore(temporaryFolder());
	const put = (text: string) => store.put(text, { step: "test", inputs: {} });
	const { pairCandidates } = createPairActivities({ store, folder: "/", emit() {} });
	const jobOf = async (prompts: number, iteration: number, previous: readonly ArtifactRef[]): Promise<PairJob> => {
		const groups = Array.from({ length: prompts }, (_, i) => group(`p${iteration}-${i}`, 2));
		const parts: ArtifactRef[] = [];
		for (let from = 0; from < prompts; from += PART)
			parts.push(await put(toJsonLines(groups.slice(from, from + PART))));
		return {
			config: await put(JSON.stringify({ ...config, pairs: { ...config.pairs, replay: [0.3, 0.15] } })),
			...({ iteration, line: "dno", previous } as const),
			candidates: { parts, partSize: PART, count: prompts },
			verdicts: [await put(toJsonLines(groups.map(() => scores([5, 1, 3, 2, 2]))))],
		};
	};
	return { store, jobOf, pairCandidates };
}

test("replayed pairs are drawn from each earlier iteration's without replacement, as many as its share of the new ones", async () => {
	const { store, jobOf, pairCandidates } = pairing();
	const make = async (iteration: number, previous: readonly ArtifactRef[]) => {
		const job = await jobOf(25, iteration, previous);
		return inActivity(() => pairCandidates(job));
	};
	const [first, second] = [await make(1, []), await make(2, [])];
	const third = await make(3, [second.fresh, first.fresh]);
	const [one, two, fresh] = await Promise.all(
		[first, second, third].map((made) => readJsonLines(store, made.fresh, pair)),
	);
	const seed = hashSeed(config.seed, "dno", 3);
	const drawn = [
		...shuffle(two!, createRandom(hashSeed(seed, "replay", 0))).slice(0, Math.floor(0.3 * fresh!.length)),
		...shuffle(one!, createRandom(hashSeed(seed, "replay", 1))).slice(0, Math.floor(0.15 * fresh!.length)),
	];
	expect(drawn.length).toBeGreaterThan(2);
	expect(await readJsonLines(store, third.pairs, pair)).toEqual([...fresh!, ...drawn]);
	expect(third).toMatchObject({ count: fresh!.length + drawn.length, counts: { replayed: drawn.length } });
	expect(first.pairs).toEqual(first.fresh);
});

test("a worker that ends leaves the pairing at once, and the next attempt makes all of it", async () => {
	const { store, jobOf, pairCandidates } = pairing();
	// Parts that no other test has read: what was read is kept.
	const job = await jobOf(40, 7, []);
	const ending = new AbortController();
	const reason = new CancelledFailure("WORKER_SHUTDOWN");
	const read: string[] = [];
	const { get } = store;
	// The worker ends while the second part is read, which comes when the attempt is over.
	const over = Promise.withResolvers<void>();
	const stuck: typeof store.get = async (ref) => {
		read.push(ref.sha256);
		if (ref.sha256 === job.candidates.parts[1]!.sha256) {
			ending.abort(reason);
			await over.promise;
		}
		return await get(ref);
	};
	const other = createPairActivities({ store: { ...store, get: stuck }, folder: "/", emit() {} });
	await expect(inActivity(() => other.pairCandidates(job), { signal: ending.signal })).rejects.toBe(reason);
	over.resolve();
	const again = await inActivity(() => pairCandidates(job));
	expect(again.verdicts).toMatchObject({ prompts: 40, judged: 40 });
	expect(read).toContain(job.candidates.parts[1]!.sha256);
	expect(read).not.toContain(job.candidates.parts[2]!.sha256);
});

test("a pairing whose workflow is cancelled is finished: a pause loses nothing of it", async () => {
	const { jobOf, pairCandidates } = pairing();
	const job = await jobOf(15, 1, []);
	const signal = AbortSignal.abort(new CancelledFailure("CANCELLED"));
	const made = await inActivity(() => pairCandidates(job), { signal });
	expect(made.verdicts.judged).toBe(15);
});
