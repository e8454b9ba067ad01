import { ktoReferencePoint, type PairLoss, sigmoid } from "../../../core/losses.ts";
import { createRandom, hashSeed, shuffle } from "../../../core/random.ts";
import { mean, sum } from "../../../core/statistics.ts";
import type { TrainingExamples, TrainingSettings, TrainingStep } from "../../engine.ts";
import type { LossSpec } from "../../model/training-graph.ts";
import type { Batch, SequenceRow } from "./batch.ts";
import type { Score } from "./scorer.ts";
import { float, type Tensors } from "./session.ts";

/** A row of a batch, and which of its responses each of its examples is about. */
export interface ExampleRow extends SequenceRow {
	readonly members: readonly { readonly example: number; readonly responses: readonly number[] }[];
}

/** What the training loop has to know of a loss. */
export interface Objective {
	readonly spec: LossSpec;
	/** The graph's outputs [P] that `metrics` reads. */
	readonly outputs: readonly string[];
	/** Rows made of these examples. */
	rows(examples: readonly number[]): ExampleRow[];
	/** Prepares a batch; `policy` scores with the weights as they are. Returns the loss's inputs for each part of it. */
	prepare(examples: readonly number[], policy: Score): Promise<(rows: readonly ExampleRow[], packed: Batch) => Tensors>;
	/** What a step reports besides its loss; its examples in the order of the rows, and their log-probabilities. */
	metrics(examples: readonly number[], outputs: readonly Record<string, number>[]): Metrics;
}

type Metrics = Omit<TrainingStep, "step" | "loss" | "gradNorm" | "learningRate">;

/** Reads π_ref's log-probabilities once, of the examples that will be used, and returns the objective. */
export async function createObjective(
	data: TrainingExamples,
	settings: TrainingSettings,
	used: readonly number[],
	reference: Score,
	maxPositions: number,
): Promise<Objective> {
	switch (data.loss) {
		case "sft":
			return sftObjective(data.examples, settings);
		case "kto":
			return ktoObjective(data.examples, settings, used, reference, maxPositions);
		default:
			return pairObjective(data.loss, data.examples, settings, used, reference);
	}
}

type Examples<L extends TrainingExamples["loss"]> = Extract<TrainingExamples, { loss: L }>["examples"];

/** Rows of examples and their responses: one an example, or, where prompts are what is shuffled, one a prompt. */
function rowMaker(
	settings: TrainingSettings,
	contentOf: (example: number) => { prompt: readonly number[]; responses: readonly (readonly number[])[] },
): Objective["rows"] {
	const single = (example: number): ExampleRow => {
		const content = contentOf(example);
		return { ...content, members: [{ example, responses: [...content.responses.keys()] }] };
	};
	if (settings.shuffle !== "prompts") return (examples) => examples.map(single);
	return (examples) =>
		[...Map.groupBy(examples, (example) => contentOf(example).prompt.join()).values()].map((group) => {
			const places = new Map<string, number>();
			const responses: (readonly number[])[] = [];
			const place = (response: readonly number[]) => {
				const key = response.join();
				if (!places.has(key)) places.set(key, responses.push(response) - 1);
				return places.get(key)!;
			};
			const members = group.map((example) => ({ example, responses: contentOf(example).responses.map(place) }));
			return { prompt: contentOf(group[0]!).prompt, responses, members };
		});
}

function sftObjective(examples: Examples<"sft">, settings: TrainingSettings): Objective {
	const content = (i: number) => ({ prompt: examples[i]!.prompt, responses: [examples[i]!.response] });
	// Equal answers to one prompt are told apart, since each counts: no sharing.
	return {
		spec: { loss: "sft" },
		outputs: [],
		rows: rowMaker({ ...settings, shuffle: "examples" }, content),
		prepare: async (batch) => {
			const tokenShare = scalar(1 / batch.reduce((sum, i) => sum + examples[i]!.response.length, 0));
			return () => ({ tokenShare });
		},
		metrics: () => ({}),
	};
}

async function pairObjective(
	loss: PairLoss,
	examples: Examples<PairLoss>,
	settings: TrainingSettings,
	used: readonly number[],
	reference: Score,
): Promise<Objective> {
	const { beta, nllWeight } = settings;
	const rows = rowMaker(settings, (i) => {
		const { prompt, chosen, rejected } = examples[i]!;
		return { prompt, responses: [chosen, rejected] };
	});
	const sums = await scoreExamples(rows(used), reference);
	const [chosenOf, rejectedOf] = [0, 1].map((side) => (i: number) => sums.get(i)![side]!) as [Column, Column];
	const winRates = (i: number) => examples[i]!.winRates!;
	return {
		spec: { loss, beta, nllWeight },
		outputs: ["chosenSums", "rejectedSums"],
		rows,
		prepare: async (batch) => {
			const share = scalar(1 / batch.length);
			const nllShare = scalar(nllWeight / batch.reduce((sum, i) => sum + examples[i]!.chosen.length, 0));
			return (part, packed) => {
				const members = examplesOf(part);
				const column = (of: Column) => vector(members.map(of));
				return {
					chosen: membership(part, packed, 0),
					rejected: membership(part, packed, 1),
					referenceChosen: column(chosenOf),
					referenceRejected: column(rejectedOf),
					share,
					...(nllWeight > 0 && { nllShare }),
					...(loss === "dno-soft" && {
						preferences: column((i) => sigmoid(winRates(i).chosen - winRates(i).rejected)),
					}),
					...(loss === "sppo" && {
						chosenTargets: column((i) => (winRates(i).chosen - 0.5) / beta),
						rejectedTargets: column((i) => (winRates(i).rejected - 0.5) / beta),
					}),
				};
			};
		},
		metrics: (batch, outputs) => {
			const gains = batch.map((i, at) => ({
				chosen: outputs[at]!.chosenSums! - chosenOf(i),
				rejected: outputs[at]!.rejectedSums! - rejectedOf(i),
			}));
			return {
				rewardMargin: mean(gains.map(({ chosen, rejected }) => beta * (chosen - rejected))),
				rewardAccuracy: mean(gains.map(({ chosen, rejected }) => (chosen > rejected ? 1 : 0))),
				chosenLogProbability: mean(outputs.map(({ chosenSums }) => chosenSums!)),
				rejectedLogProbability: mean(outputs.map(({ rejectedSums }) => rejectedSums!)),
				kl: mean(gains.flatMap(({ chosen, rejected }) => [chosen, rejected])),
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
	used: readonly number[],
	reference: Score,
	maxPositions: number,
): Promise<Objective> {
	const rows = rowMaker(settings, (i) => ({ prompt: examples[i]!.prompt, responses: [examples[i]!.response] }));
	const partners = mismatch(examples, settings.seed, maxPositions);
	const mismatchedRow = (i: number) => ({ prompt: examples[i]!.prompt, responses: [examples[partners[i]!]!.response] });
	const sums = await scoreExamples(rows(used), reference);
	const mismatched = await reference(used.map(mismatchedRow));
	const mismatchedSums = new Map(used.map((i, at) => [i, mismatched[at]![0]!]));
	return {
		spec: { loss: "kto", beta: settings.beta, nllWeight: settings.nllWeight },
		outputs: ["sums"],
		rows,
		prepare: async (batch, policy) => {
			const scores = await policy(batch.map(mismatchedRow));
			const pairs = batch.map((i, j) => ({ policy: scores[j]![0]!, reference: mismatchedSums.get(i)! }));
			const lengths = batch.map((i) => (examples[i]!.desirable ? examples[i]!.response.length : 0));
			const desirableTokens = sum(lengths);
			const share = scalar(1 / batch.length);
			const referencePoint = scalar(ktoReferencePoint(pairs));
			return (part, packed) => {
				const members = examplesOf(part);
				const column = (desirable: number, undesirable: number) =>
					vector(members.map((i) => (examples[i]!.desirable ? desirable : undesirable)));
				return {
					responses: membership(part, packed, 0),
					reference: vector(members.map((i) => sums.get(i)![0]!)),
					signs: column(1, -1),
					weights: column(settings.desirableWeight, settings.undesirableWeight),
					...(settings.nllWeight > 0 && { nllShares: column(1 / desirableTokens, 0) }),
					share,
					referencePoint,
				};
			};
		},
		metrics: (batch, outputs) => ({ kl: mean(batch.map((i, at) => outputs[at]!.sums! - sums.get(i)![0]!)) }),
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

type Column = (example: number) => number;

/** The examples of rows, in the order of the loss's axis P. */
export function examplesOf(rows: readonly ExampleRow[]): number[] {
	return rows.flatMap(({ members }) => members.map(({ example }) => example));
}

/** Each example's responses' log-probabilities. */
async function scoreExamples(rows: readonly ExampleRow[], score: Score): Promise<Map<number, number[]>> {
	const sums = await score(rows);
	return new Map(
		rows.flatMap(({ members }, row) =>
			members.map(({ example, responses }) => [example, responses.map((at) => sums[row]![at]!)] as const),
		),
	);
}

/** [P, R]: 1 where a target belongs to the given one of an example's responses. */
function membership(rows: readonly ExampleRow[], { spans, targetCount }: Batch, side: number) {
	const places = rows.flatMap(({ members }, row) => members.map(({ responses }) => spans[row]![responses[side]!]!));
	const data = new Float32Array(places.length * targetCount);
	places.forEach(([start, end], p) => {
		data.fill(1, p * targetCount + start, p * targetCount + end);
	});
	return float(data, [places.length, targetCount]);
}

function vector(numbers: readonly number[]) {
	return float(Float32Array.from(numbers), [numbers.length]);
}

function scalar(number: number) {
	return float(Float32Array.of(number), []);
}
