import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dnoSoftLoss, dpoLoss, ipoLoss, ktoLoss, sftLoss, sigmoid, sppoLoss } from "../../core/losses.ts";
import { float, openSession } from "../engines/onnx/session.ts";
import { Graph, type Value } from "../graph/graph.ts";
import { kto, type LossValue, pairwise, sft } from "./graph-losses.ts";

const logProbability = fc.double({ min: -40, max: 0, noNaN: true });
const pair = fc.record({
	chosen: logProbability,
	rejected: logProbability,
	referenceChosen: logProbability,
	referenceRejected: logProbability,
	chosenWinRate: fc.double({ min: 0, max: 1, noNaN: true }),
	rejectedWinRate: fc.double({ min: 0, max: 1, noNaN: true }),
});
const scalar = (number: number) => float(Float32Array.of(number), []);
const vector = (numbers: number[], dims = [numbers.length]) => float(Float32Array.from(numbers), dims);

async function openLoss(build: (graph: Graph, tokens: Value) => LossValue) {
	const graph = new Graph("loss");
	const { loss, outputs } = build(graph, graph.input("tokens", "float32", ["R"]));
	graph.output("loss", loss);
	for (const [name, value] of Object.entries(outputs)) graph.output(name, value);
	const session = await openSession(graph, { threads: 1 });
	return async (feeds: Record<string, ReturnType<typeof float>>) => {
		const results = await session.run(feeds);
		return Object.fromEntries(
			Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
		);
	};
}

/** Row p of the [P, R] matrix picks targets `start + p`. */
function pick(rows: number, targets: number, start: number) {
	const data = Array.from({ length: rows * targets }, (_, i) =>
		i % targets === start + Math.floor(i / targets) ? 1 : 0,
	);
	return vector(data, [rows, targets]);
}

function expectClose(actual: number, expected: number) {
	expect(Math.abs(actual - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
}

test("sft equals core", async () => {
	const run = await openLoss(sft);
	await fc.assert(
		fc.asyncProperty(fc.array(logProbability, { minLength: 1, maxLength: 20 }), async (tokens) => {
			const feeds = { tokens: vector(tokens), tokenShare: scalar(1 / tokens.length) };
			expectClose((await run(feeds)).loss![0]!, sftLoss(tokens));
		}),
	);
});

describe.each([
	["dpo", dpoLoss],
	["dno-soft", dnoSoftLoss],
	["ipo", ipoLoss],
	["sppo", sppoLoss],
] as const)("%s", (kind, expected) => {
	test.each([0, 0.8])("equals core, with likelihood weight %d", async (nllWeight) => {
		const beta = 0.3;
		const run = await openLoss((graph, tokens) => pairwise(graph, tokens, kind, { beta, nllWeight }));
		await fc.assert(
			fc.asyncProperty(fc.array(pair, { minLength: 1, maxLength: 6 }), async (pairs) => {
				const n = pairs.length;
				const column = (of: (p: (typeof pairs)[number]) => number) => vector(pairs.map(of));
				const results = await run({
					tokens: vector([...pairs.map((p) => p.chosen), ...pairs.map((p) => p.rejected)]),
					chosen: pick(n, 2 * n, 0),
					rejected: pick(n, 2 * n, n),
					referenceChosen: column((p) => p.referenceChosen),
					referenceRejected: column((p) => p.referenceRejected),
					share: scalar(1 / n),
					...(nllWeight > 0 && { nllShare: scalar(nllWeight / n) }),
					...(kind === "dno-soft" && { preferences: column((p) => sigmoid(p.chosenWinRate - p.rejectedWinRate)) }),
					...(kind === "sppo" && {
						chosenTargets: column((p) => (p.chosenWinRate - 0.5) / beta),
						rejectedTargets: column((p) => (p.rejectedWinRate - 0.5) / beta),
					}),
				});
				const nll = sftLoss(pairs.map((p) => p.chosen));
				expectClose(results.loss![0]!, expected(pairs, beta) + nllWeight * nll);
				pairs.forEach((p, i) => {
					expectClose(results.chosenSums![i]!, p.chosen);
					expectClose(results.rejectedSums![i]!, p.rejected);
				});
			}),
		);
	});
});

test.each([0, 2])("kto equals core, with NLL weight %d", async (nllWeight) => {
	const settings = { beta: 0.2, desirableWeight: 1, undesirableWeight: 1.7 };
	const run = await openLoss((graph, tokens) => kto(graph, tokens, settings.beta, nllWeight));
	const example = fc.record({ policy: logProbability, reference: logProbability, desirable: fc.boolean() });
	const point = fc.double({ min: 0, max: 5, noNaN: true });
	await fc.assert(
		fc.asyncProperty(fc.array(example, { minLength: 1, maxLength: 6 }), point, async (examples, z0) => {
			const desirable = examples.filter((e) => e.desirable).map(({ policy }) => policy);
			const results = await run({
				tokens: vector(examples.map(({ policy }) => policy)),
				responses: pick(examples.length, examples.length, 0),
				reference: vector(examples.map(({ reference }) => reference)),
				signs: vector(examples.map(({ desirable }) => (desirable ? 1 : -1))),
				weights: vector(
					examples.map(({ desirable }) => (desirable ? settings.desirableWeight : settings.undesirableWeight)),
				),
				referencePoint: scalar(z0),
				share: scalar(1 / examples.length),
				...(nllWeight > 0 && { nllShares: vector(examples.map((e) => (e.desirable ? 1 / desirable.length : 0))) }),
			});
			const nll = nllWeight > 0 && desirable.length > 0 ? nllWeight * sftLoss(desirable) : 0;
			expectClose(results.loss![0]!, ktoLoss(examples, z0, settings) + nll);
		}),
	);
});
