import { createNormal, createRandom } from "../../../core/random.ts";
import { float, int64, openSession, type Tensors } from "../../../gpu-worker/engines/onnx/session.ts";
import { gradients } from "../../../gpu-worker/graph/gradients.ts";
import { Graph, type Value } from "../../../gpu-worker/graph/graph.ts";
import * as op from "../../../gpu-worker/graph/ops.ts";
import type { Shape } from "../../../gpu-worker/graph/shapes.ts";

/** A graph's outputs as plain numbers. */
export async function runGraph(graph: Graph, feeds: Tensors): Promise<Record<string, number[]>> {
	const session = await openSession(graph, { threads: 1 });
	const used = new Set(session.inputNames);
	const results = await session.run(Object.fromEntries(Object.entries(feeds).filter(([name]) => used.has(name))));
	await session.release();
	return Object.fromEntries(
		Object.entries(results).map(([name, { data }]) => [name, Array.from(data as never, Number)]),
	);
}

/** An operand of the op under test: its declared shape, its shape at run time and, unless random, its elements. */
export interface Operand {
	readonly shape: Shape;
	readonly dims?: readonly number[];
	readonly data?: readonly number[];
	readonly dtype?: "float32" | "int64";
	/** Whether the op has no gradient by it. */
	readonly isFixed?: boolean;
}

export interface GradientCheck {
	/** Largest difference between the two gradients, relative to the largest entry (at least 1). */
	readonly error: number;
	/** The op's output. */
	readonly output: number[];
}

/** Step of the central difference; float32 leaves about 1e-7/STEP of rounding, the cubic term STEP²/6. */
const STEP = 1e-2;

/** Compares an op's gradients with central differences of Σ weights·op(operands), summed in double. */
export async function checkGradient(
	build: (operands: Value[], graph: Graph) => Value,
	operands: readonly Operand[],
): Promise<GradientCheck> {
	const normal = createNormal(createRandom(7));
	const arrays = operands.map(({ shape, dims = shape as number[], data }) => {
		const size = dims.reduce((a, b) => a * b, 1);
		return Float64Array.from({ length: size }, (_, i) => data?.[i] ?? normal());
	});
	const graph = new Graph("check");
	const values = operands.map(({ shape, dtype = "float32" }, i) => graph.input(`x${i}`, dtype, shape));
	const y = build(values, graph);
	const weights = graph.input("weights", "float32", y.shape);
	const loss = op.reduceSum(op.mul(y, weights));
	graph.output("y", y);
	const sources = values.filter(({ dtype }, i) => dtype === "float32" && operands[i]!.isFixed !== true);
	gradients(graph, loss, sources).forEach((gradient, i) => {
		graph.output(`gradient.${sources[i]!.name}`, gradient);
	});
	const session = await openSession(graph, { threads: 1 });
	const run = async (w: ReturnType<typeof float>, data = arrays) =>
		session.run(feedsOf(session.inputNames, operands, data, w));
	const shape = await outputShape(build, operands, arrays);
	const elements = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => normal());
	const w = float(elements, shape);
	const analytic = await run(w);
	const output = Array.from(analytic.y!.data as Float32Array);
	let error = 0;
	for (const [i, data] of arrays.entries()) {
		const gradient = analytic[`gradient.x${i}`]?.data as Float32Array | undefined;
		if (gradient === undefined) continue;
		const scale = Math.max(1, ...gradient.map(Math.abs));
		for (let j = 0; j < data.length; j++) {
			const at = async (delta: number) => {
				const moved = arrays.map((array) => Float64Array.from(array));
				moved[i]![j] = Math.fround(data[j]! + delta);
				const y = (await run(w, moved)).y!.data as Float32Array;
				return y.reduce((sum, value, k) => sum + value * elements[k]!, 0);
			};
			const span = Math.fround(data[j]! + STEP) - Math.fround(data[j]! - STEP);
			const numeric = ((await at(STEP)) - (await at(-STEP))) / span;
			error = Math.max(error, Math.abs(numeric - gradient[j]!) / scale);
		}
	}
	await session.release();
	return { error, output };
}

/** The output's size is known only at run time; a run of the op alone tells it. */
async function outputShape(
	build: (operands: Value[], graph: Graph) => Value,
	operands: readonly Operand[],
	arrays: readonly Float64Array[],
): Promise<readonly number[]> {
	const graph = new Graph("probe");
	const values = operands.map(({ shape, dtype = "float32" }, i) => graph.input(`x${i}`, dtype, shape));
	graph.output("y", build(values, graph));
	const session = await openSession(graph, { threads: 1 });
	const results = await session.run(feedsOf(session.inputNames, operands, arrays));
	await session.release();
	return results.y!.dims;
}

function feedsOf(
	names: readonly string[],
	operands: readonly Operand[],
	arrays: readonly Float64Array[],
	weights?: ReturnType<typeof float>,
): Tensors {
	const feeds: Tensors = weights === undefined ? {} : { weights };
	operands.forEach(({ shape, dims = shape as number[], dtype }, i) => {
		if (!names.includes(`x${i}`)) return;
		const data = arrays[i]!;
		feeds[`x${i}`] =
			dtype === "int64" ? int64(BigInt64Array.from(data, BigInt), dims) : float(Float32Array.from(data), dims);
	});
	return feeds;
}
