import { describe, expect, test } from "vitest";
import { checkGradient, type Operand } from "../../test/unit/gpu-worker/run-graph.ts";
import type { Graph, Value } from "./graph.ts";
import * as op from "./ops.ts";

type Case = readonly [name: string, build: (x: Value[], graph: Graph) => Value, operands: Operand[]];

const positive = [0.7, 1.3, 2.1, 0.9, 1.7, 1.1];
const rows: Operand = { shape: ["N", 3], dims: [2, 3] };
const indices = (shape: Operand["shape"], ...data: number[]): Operand => ({ shape, data, dtype: "int64" });

const cases: Case[] = [
	["add", ([a, b]) => op.add(a!, b!), [rows, rows]],
	["add, a row broadcast", ([a, b]) => op.add(a!, b!), [rows, { shape: [3] }]],
	["add, a column broadcast", ([a, b]) => op.add(a!, b!), [{ shape: ["N", 1], dims: [2, 1] }, rows]],
	["sub, both broadcast", ([a, b]) => op.sub(a!, b!), [{ shape: [2, 1] }, { shape: [1, 3] }]],
	["mul", ([a, b]) => op.mul(a!, b!), [rows, rows]],
	["mul with itself", ([a]) => op.mul(a!, a!), [rows]],
	["mul by a number", ([a]) => op.mul(a!, -1.5), [rows]],
	["mul, a scalar broadcast", ([a, b]) => op.mul(a!, b!), [rows, { shape: [] }]],
	["div", ([a, b]) => op.div(a!, b!), [rows, { ...rows, data: positive }]],
	["neg", ([a]) => op.neg(a!), [rows]],
	["exp", ([a]) => op.exp(a!), [rows]],
	["log", ([a]) => op.log(a!), [{ ...rows, data: positive }]],
	["sqrt", ([a]) => op.sqrt(a!), [{ ...rows, data: positive }]],
	["reciprocal", ([a]) => op.reciprocal(a!), [{ ...rows, data: positive }]],
	["cos", ([a]) => op.cos(a!), [rows]],
	["sin", ([a]) => op.sin(a!), [rows]],
	["sigmoid", ([a]) => op.sigmoid(a!), [rows]],
	["softplus", ([a]) => op.softplus(a!), [rows]],
	["silu", ([a]) => op.silu(a!), [rows]],
	["reduceSum over all", ([a]) => op.reduceSum(a!), [rows]],
	["reduceSum over the last axis, kept", ([a]) => op.reduceSum(a!, { axes: [-1], keepDims: true }), [rows]],
	["reduceMean over a symbolic axis", ([a]) => op.reduceMean(a!, { axes: [0] }), [rows]],
	["reduceMean over a fixed axis", ([a]) => op.reduceMean(a!, { axes: [1] }), [rows]],
	["reduceMean over all", ([a]) => op.reduceMean(a!), [rows]],
	["reshape with two symbols", ([a]) => op.reshape(a!, ["B*T", 2]), [{ shape: ["B", "T", 2], dims: [2, 3, 2] }]],
	[
		"reshape back",
		([a]) => op.reshape(op.reshape(a!, ["2*B*T"]), ["T", "B", 2]),
		[{ shape: ["B", "T", 2], dims: [2, 3, 2] }],
	],
	["transpose", ([a]) => op.transpose(a!, [2, 0, 1]), [{ shape: ["B", 2, 3], dims: [2, 2, 3] }]],
	["expand", ([a]) => op.expand(a!, [4, 2, 3]), [{ shape: [2, 1] }]],
	["concat", ([a, b]) => op.concat([a!, b!], 1), [rows, { shape: ["N", 2], dims: [2, 2] }]],
	[
		"split into unequal parts, one of them twice as much in use",
		([a]) => {
			const [first, second] = op.split(a!, 1, [1, 2]);
			return op.mul(op.add(second!, first!), second!);
		},
		[rows],
	],
	[
		"join of unequal parts, one of them twice",
		([a, b]) => op.join([b!, a!, b!], 1, "M"),
		[rows, { shape: ["N", 1], dims: [2, 1] }],
	],
	["slice", ([a]) => op.slice(a!, -1, 1, 3), [rows]],
	["padZeros", ([a]) => op.padZeros(a!, 1, 1, 2), [rows]],
	["matmul, batched", ([a, b]) => op.matmul(a!, b!), [{ shape: [2, 2, 3] }, { shape: [2, 3, 2] }]],
	["matmul, batch broadcast", ([a, b]) => op.matmul(a!, b!), [{ shape: [2, 2, 3] }, { shape: [3, 2] }]],
	...[false, true].flatMap((transA) =>
		[false, true].map((transB): Case => {
			const operands = [{ shape: transA ? [3, 2] : [2, 3] }, { shape: transB ? [4, 3] : [3, 4] }];
			return [`gemm ${transA} ${transB}`, ([a, b]) => op.gemm(a!, b!, { transA, transB }), operands];
		}),
	),
	[
		"attend, two query heads on a key head and keys that a query does not see",
		([q, k, v, mask]) => op.attend(q!, k!, v!, { mask: mask!, group: 2, scale: 0.7 }),
		[
			{ shape: ["B", 2, "2*Q", 3], dims: [2, 2, 4, 3] },
			{ shape: ["B", 2, 3, "K"], dims: [2, 2, 3, 3] },
			{ shape: ["B", 2, 3, "K"], dims: [2, 2, 3, 3] },
			{
				shape: ["B", "Q", "K"],
				dims: [2, 2, 3],
				data: [0, -1e30, -1e30, 0, 0, 0, 0, 0, -1e30, 0, -1e30, 0],
				isFixed: true,
			},
		],
	],
	[
		"lowRankLinear, the weight being the merged one",
		([x, w, down, up]) => {
			const scale = 1.5;
			const merged = op.add(w!, op.mul(op.matmul(up!, down!), scale));
			return op.lowRankLinear(x!, merged, { down: down!, up: up!, scale });
		},
		[rows, { shape: [4, 3], isFixed: true }, { shape: [2, 3] }, { shape: [4, 2] }],
	],
	[
		"responseLogProbabilities in chunks, one of them empty",
		([x, w, targets, sizes]) => op.responseLogProbabilities(x!, w!, targets!, { sizes: sizes!, chunks: 3 }),
		[
			{ shape: ["R", 3], dims: [4, 3] },
			{ shape: [5, 3] },
			{ ...indices(["R"], 4, 0, 2, 4), dims: [4] },
			indices([3], 2, 0, 2),
		],
	],
	["linear", ([x, w]) => op.linear(x!, w!), [rows, { shape: [2, 3] }]],
	["linear with a bias", ([x, w, b]) => op.linear(x!, w!, b!), [rows, { shape: [4, 3] }, { shape: [4] }]],
	["gatherRows, a row twice", ([t, i]) => op.gatherRows(t!, i!), [{ shape: [4, 3] }, indices([2, 2], 1, 3, 1, 0)]],
	["gatherRows, symbolic", ([t, i]) => op.gatherRows(t!, i!), [rows, { ...indices(["R"], 1, 0, 1), dims: [3] }]],
	[
		"gatherRows, of a table twice and multiplied by it",
		([t, i, j]) => op.gemm(op.add(op.gatherRows(t!, i!), op.gatherRows(t!, j!)), t!, { transB: true }),
		[{ shape: [4, 3] }, indices([3], 1, 3, 1), indices([3], 3, 0, 0)],
	],
	["gatherColumn", ([x, i]) => op.gatherColumn(x!, i!), [rows, { ...indices(["N"], 2, 0), dims: [2] }]],
	["softmax", ([x]) => op.softmax(x!), [rows]],
	["logSoftmax", ([x]) => op.logSoftmax(x!), [rows]],
	["rmsNorm", ([x, w]) => op.rmsNorm(x!, w!, 1e-5), [{ ...rows, shape: ["N", 3] }, { shape: [3] }]],
	[
		"rmsNorm of every head",
		([x, w]) => op.rmsNorm(x!, w!, 1e-5),
		[{ shape: ["N", 2, 3], dims: [2, 2, 3] }, { shape: [3] }],
	],
	[
		"rotary",
		turn,
		[
			{ shape: ["B", "T", 8], dims: [2, 2, 8] },
			{ ...indices(["B", "T"], 0, 2, 1, 1), dims: [2, 2] },
		],
	],
];

function turn([x, positions]: Value[], graph: Graph): Value {
	const column = op.reshape(op.toFloat(positions!), ["B", "T", 1]);
	const angles = op.mul(column, graph.constant(Float32Array.of(1, 0.1), [2]));
	return op.rotary(x!, x!.shape.at(-1) === 8 ? 2 : 1, { cos: op.cos(angles), sin: op.sin(angles) });
}

describe("gradients equal central differences", () => {
	test.each(cases)("%s", async (_name, build, operands) => {
		const { error } = await checkGradient(build, operands);
		expect(error).toBeLessThan(2e-3);
	});
});

test("the check sees a wrong rule", async () => {
	const wrong = ([x]: Value[]) => {
		const outputs = [{ dtype: x!.dtype, shape: x!.shape }];
		return x!.graph.emit({ op: "Exp", inputs: [x], outputs, gradient: ([dy]) => [dy] })[0]!;
	};
	expect((await checkGradient(wrong, [rows])).error).toBeGreaterThan(0.1);
});

describe("values", () => {
	test("rmsNorm divides by the root mean square", async () => {
		const x = [3, 4, 0, 1, 1, 1];
		const operands = [
			{ ...rows, data: x },
			{ shape: [3], data: [1, 2, 3] },
		];
		const { output } = await checkGradient(([a, w]) => op.rmsNorm(a!, w!, 1e-6), operands);
		const rms = Math.sqrt(25 / 3);
		[3 / rms, 8 / rms, 0, 1, 2, 3].forEach((expected, i) => {
			expect(output[i]).toBeCloseTo(expected, 5);
		});
	});

	test("rotary turns channel i with channel i + dh/2", async () => {
		const operands = [
			{ shape: ["B", "T", 4], dims: [1, 1, 4], data: [1, 2, 3, 4] },
			{ ...indices(["B", "T"], 2), dims: [1, 1] },
		];
		const { output } = await checkGradient(turn, operands);
		const [c, s] = [Math.cos(2), Math.sin(2)];
		const [c2, s2] = [Math.cos(0.2), Math.sin(0.2)];
		[1 * c - 3 * s, 2 * c2 - 4 * s2, 3 * c + 1 * s, 4 * c2 + 2 * s2].forEach((expected, i) => {
			expect(output[i]).toBeCloseTo(expected, 5);
		});
	});
});
