import fc from "fast-check";
import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { createRandom } from "../../core/random.ts";
import { encodeGraph } from "../graph/encode.ts";
import { Graph } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { type Int8Matrix, quantizeBlocks } from "./int8-weights.ts";

const SIZE = 32;

/** The weight [rows, columns] that integers and scales stand for. */
function dequantize({ integers, scales }: Int8Matrix, rows: number, columns: number): Float32Array {
	const blocks = Math.ceil(columns / SIZE);
	return Float32Array.from({ length: rows * columns }, (_, i) => {
		const row = Math.floor(i / columns);
		const block = row * blocks + Math.floor((i % columns) / SIZE);
		return (integers[block * SIZE + ((i % columns) % SIZE)]! - 128) * scales[block]!;
	});
}

test("a weight differs from its rounded one by half a scale at most, and a block's largest is kept", () => {
	const matrices = fc
		.record({ rows: fc.integer({ min: 1, max: 4 }), columns: fc.integer({ min: 1, max: 100 }) })
		.chain(({ rows, columns }) => {
			const value = fc.oneof(fc.float({ noNaN: true, min: -8, max: 8 }), fc.constant(0));
			const length = { minLength: rows * columns, maxLength: rows * columns };
			return fc.record({ rows: fc.constant(rows), columns: fc.constant(columns), values: fc.array(value, length) });
		});
	fc.assert(
		fc.property(matrices, ({ rows, columns, values }) => {
			// Scales of subnormal numbers are rounded too coarsely for the bound.
			const weight = Float32Array.from(values, (v) => (Math.abs(v) < 1e-30 ? 0 : v));
			const rounded = quantizeBlocks(weight, rows, columns);
			const back = dequantize(rounded, rows, columns);
			const blocks = Math.ceil(columns / SIZE);
			weight.forEach((w, i) => {
				const block = Math.floor(i / columns) * blocks + Math.floor((i % columns) / SIZE);
				const scale = rounded.scales[block]!;
				expect(Math.abs(w - back[i]!)).toBeLessThanOrEqual(0.5 * scale * (1 + 1e-4));
			});
			expect(rounded.integers.every((q) => q >= 1 && q <= 255)).toBe(true);
		}),
	);
});

/** x·Wᵀ + b by onnxruntime with W in 8 bits. */
async function openLinear(weight: Int8Matrix, bias: Float32Array, columns: number) {
	const rows = bias.length;
	const blocks = Math.ceil(columns / SIZE);
	const graph = new Graph("linear");
	const x = graph.input("x", "float32", ["N", columns]);
	const integers = graph.constant(weight.integers, [rows, blocks, SIZE]);
	const scales = graph.constant(weight.scales, [rows, blocks]);
	graph.output("y", op.quantizedLinear(x, { integers, scales }, graph.constant(bias, [rows])));
	const session = await ort.InferenceSession.create(encodeGraph(graph), { intraOpNumThreads: 2 });
	return async (data: Float32Array) => {
		const { y } = await session.run({ x: new ort.Tensor("float32", data, [data.length / columns, columns]) });
		return y!.data as Float32Array;
	};
}

test.each([12, 64, 200])(
	"the graph's product equals the one with the weights written out (in: %i)",
	async (columns) => {
		const random = createRandom(columns);
		const numbers = (length: number) => Float32Array.from({ length }, () => 2 * random() - 1);
		const [rows, count] = [40, 37];
		const weight = quantizeBlocks(numbers(rows * columns), rows, columns);
		const bias = numbers(rows);
		const x = numbers(count * columns);
		const run = await openLinear(weight, bias, columns);
		const y = await run(x);
		const w = dequantize(weight, rows, columns);
		for (let i = 0; i < y.length; i++) {
			const [n, row] = [Math.floor(i / rows), i % rows];
			let exact = bias[row]!;
			// Each input is off by half a step of 1/127 of its block's largest at most.
			let bound = 1e-5;
			for (let k = 0; k < columns; k++) {
				exact += x[n * columns + k]! * w[row * columns + k]!;
				bound += (0.5 / 127) * Math.abs(w[row * columns + k]!);
			}
			expect(Math.abs(y[i]! - exact)).toBeLessThanOrEqual(bound);
		}
		for (const [from, end] of [
			[0, 1],
			[3, 5],
			[7, 10],
			[20, 28],
			[0, 36],
		] as const) {
			expect(await run(x.slice(from * columns, end * columns))).toEqual(y.slice(from * rows, end * rows));
		}
	},
);

test("operands that do not fit are refused", () => {
	const graph = new Graph("linear");
	const integers = graph.input("integers", "uint8", [4, 2, SIZE]);
	const scales = graph.input("scales", "float32", [4, 2]);
	const x = graph.input("x", "float32", ["N", 32]);
	expect(() => op.quantizedLinear(x, { integers, scales })).toThrow("operands do not fit");
});
