import { ktoReferencePoint } from "../../../core/losses.ts";
import { createRandom, hashSeed, shuffle } from "../../../core/random.ts";
import { mean, sum } from "../../../core/statistics.ts";
import type { TrainingExamples, TrainingSettings, TrainingStep } from "../../engine.ts";
import type { LossSpec } from "../../model/training-graph.ts";
import type { Batch, SequenceRow } from "./batch.ts";
import type { Score } from "./scorer.ts";
import { float, type Tensors } from "./session.ts";

/** What the training loop has to know of a loss. */
export interface Objective {
	readonly spec: LossSpec;
	/** Rows of the batch made of these examples. */
	rows(examples: readonly number[]): SequenceRow[];
	/** The loss's own inputs for that batch; `policy` scores with the weights as they are. */
	feeds(examples: readonly number[], batch: Batch, policy: Score): Promise<Tensors>;
	/** What a step reports besides its loss. */
	metrics(results: Tensors): Pick<TrainingStep, "rewardMargin" | "rewardAccuracy">;
}

/** Reads π_ref's log-probabilities once, of the examples that will be used, and returns the objective. */
export async function createObjective(
	data: TrainingExamples,
	settings: TrainingSettings,
	used: ReadonlySet<number>,
	reference: Score,
	maxPositions: number,
): Promise<Objective> {
	switch (data.loss) {
		case "sft":
			return sftObjective(data.examples);
		case "dpo":
			return dpoObjective(data.examples, settings, used, reference);
		case "kto":
			return ktoObjective(data.examples, settings, used, reference, maxPositions);
	}
}

type Examples<L extends TrainingExamples["loss"]> = Extract<TrainingExamples, { loss: L }>["examples"];

function sftObjective(examples: Examples<"sft">): Objective {
	return {
		spec: { loss: "sft" },
		rows: (batch) => batch.map((i) => ({ prompt: examples[i]!.prompt, responses: [examples[i]!.response] })),
		feeds: async () => ({}),
		metrics: () => ({}),
	};
}

async function dpoObjective(
	examples: Examples<"dpo">,
	settings: TrainingSettings,
	used: ReadonlySet<number>,
	reference: Score,
): Promise<Objective> {
	const row = (i: number) => {
		const { prompt, chosen, rejected } = examples[i]!;
		return { prompt, responses: [chosen, rejected] };
	};
	const sums = await scoreUsed(used, row, reference);
	return {
		spec: { loss: "dpo", beta: settings.beta, nllWeight: settings.nllWeight },
		rows: (batch) => batch.map(row),
		feeds: async (batch, packed) => ({
			chosen: membership(packed, 0),
			rejected: membership(packed, 1),
			referenceChosen: vector(batch.map((i) => sums.get(i)![0]!)),
			referenceRejected: vector(batch.map((i) => sums.get(i)![1]!)),
		}),
		metrics: (results) => {
			const margins = [...(results.margins!.data as Float32Array)];
			return {
				rewardMargin: mean(margins),
				rewardAccuracy: margins.filter((margin) => margin > 0).length / margins.length,
			};
		},
	};
}

/**
 * Every example has a fixed partner of another prompt, whose response stands for "another's response" in z₀: the next
 * one in a seeded order. z₀ is the mean of
 * log π/π_ref over the batch's mismatched pairs, with the weights as they are before the step, clamped at 0.
 */
async function ktoObjective(
	examples: Examples<"kto">,
	settings: TrainingSettings,
	used: ReadonlySet<number>,
	reference: Score,
	maxPositions: number,
): Promise<Objective> {
	const row = (i: number) => ({ prompt: examples[i]!.prompt, responses: [examples[i]!.response] });
	const partners = mismatch(examples, settings.seed, maxPositions);
	const mismatchedRow = (i: number) => ({ prompt: examples[i]!.prompt, responses: [examples[partners[i]!]!.response] });
	const sums = await scoreUsed(used, row, reference);
	const mismatchedSums = await scoreUsed(used, mismatchedRow, reference);
	return {
		spec: { loss: "kto", beta: settings.beta, nllWeight: settings.nllWeight },
		rows: (batch) => batch.map(row),
		feeds: async (batch, packed, policy) => {
			const scores = await policy(batch.map(mismatchedRow));
			const pairs = batch.map((i, j) => ({ policy: scores[j]![0]!, reference: mismatchedSums.get(i)![0]! }));
			const isDesirable = batch.map((i) => examples[i]!.desirable);
			const lengths = batch.map((i, j) => (isDesirable[j] ? examples[i]!.response.length : 0));
			const desirableTokens = sum(lengths);
			return {
				responses: membership(packed, 0),
				reference: vector(batch.map((i) => sums.get(i)![0]!)),
				signs: vector(isDesirable.map((is) => (is ? 1 : -1))),
				weights: vector(isDesirable.map((is) => (is ? settings.desirableWeight : settings.undesirableWeight))),
				...(settings.nllWeight > 0 && {
					nllShares: vector(isDesirable.map((is) => (is ? 1 / desirableTokens : 0))),
				}),
				referencePoint: float(Float32Array.of(ktoReferencePoint(pairs)), []),
			};
		},
		metrics: () => ({}),
	};
}

/**
 * For each example the next one of another prompt in a seeded order whose response fits behind this one's prompt; itself
 * where there is none.
 */
function mismatch(examples: Examples<"kto">, seed: number, maxPositions: number): number[] {
	const keys = examples.map(({ prompt }) => prompt.join());
	const order = shuffle([...examples.keys()], createRandom(hashSeed(seed, "mismatch")));
	const partners = new Array<number>(examples.length);
	order.forEach((example, at) => {
		const room = maxPositions - examples[example]!.prompt.length;
		const isPartner = (other: number) => keys[other] !== keys[example] && examples[other]!.response.length <= room;
		const following = (step: number) => order[(at + step) % order.length]!;
		let step = 1;
		while (step < order.length && !isPartner(following(step))) step += 1;
		partners[example] = following(step);
	});
	return partners;
}

async function scoreUsed(used: ReadonlySet<number>, row: (i: number) => SequenceRow, score: Score) {
	const indices = [...used];
	const sums = await score(indices.map(row));
	return new Map(indices.map((index, i) => [index, sums[i]!]));
}

/** [P, R]: 1 where a target belongs to the given response of row p. */
function membership(batch: Batch, response: number) {
	const data = new Float32Array(batch.spans.length * batch.targetCount);
	batch.spans.forEach((spans, row) => {
		const [start, end] = spans[response]!;
		data.fill(1, row * batch.targetCount + start, row * batch.targetCount + end);
	});
	return float(data, [batch.spans.length, batch.targetCount]);
}

function vector(numbers: readonly number[]) {
	return float(Float32Array.from(numbers), [numbers.length]);
}
