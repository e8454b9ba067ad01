import type { Graph, Value } from "../graph/graph.ts";
import type { QuantizedWeight } from "../graph/ops/quantized-linear.ts";
import type { LlamaConfig } from "./config.ts";
import { type ParameterSpec, parameterSpecs } from "./parameters.ts";

/**
 * Largest integer of a weight: processors without 8-bit dot products (AVX2) add two products of an input (at most 127 + 128)
 * and a weight in 16 bits, and these must not overflow: 2·255·64 < 2¹⁵.
 */
const LARGEST = Number(process.env.LARGEST ?? 127);

/** Rows are transposed so many at a time, so that a line of the cache is written whole. */
const BLOCK = 64;

/** A weight matrix [out, in] in 8 bits. */
export interface Int8Matrix {
	/** [in, out], as MatMulInteger takes its second operand. */
	readonly integers: Int8Array;
	/** [out]. */
	readonly scales: Float32Array;
}

/**
 * Rounds a weight to 8 bits, symmetrically and one scale a row: scale = max|w|/LARGEST over the row, integer = w/scale rounded
 * to the nearest (a row of zeros has scale 0). So |w − integer·scale| ≤ scale/2, up to float32's own rounding.
 *
 * @param weight [rows, columns]
 */
export function quantizeRows(weight: Float32Array, rows: number, columns: number): Int8Matrix {
	const integers = new Int8Array(weight.length);
	const scales = new Float32Array(rows);
	for (let row = 0; row < rows; row++) {
		let largest = 0;
		for (let i = row * columns; i < (row + 1) * columns; i++) largest = Math.max(largest, Math.abs(weight[i]!));
		scales[row] = largest / LARGEST;
	}
	for (let first = 0; first < rows; first += BLOCK) {
		const end = Math.min(rows, first + BLOCK);
		for (let column = 0; column < columns; column++) {
			for (let row = first; row < end; row++) {
				const scale = scales[row]!;
				integers[column * rows + row] = scale === 0 ? 0 : Math.round(weight[row * columns + column]! / scale);
			}
		}
	}
	return { integers, scales };
}

const HEAD = "lm_head.weight";
const EMBEDDING = "model.embed_tokens.weight";

/** The matrices that a decoder multiplies with: those of its linear layers and the output projection. */
function linearSpecs(config: LlamaConfig): ParameterSpec[] {
	const shape = [config.vocabSize, config.hiddenSize];
	const layers = parameterSpecs(config).filter(({ name, shape }) => shape.length === 2 && name.includes(".layers."));
	return [...layers, { name: HEAD, shape }];
}

/** Declares what {@link int8Weights} gives as inputs of the graph, and finds a matrix by its checkpoint name. */
export function declareInt8Weights(graph: Graph, config: LlamaConfig): (name: string) => QuantizedWeight {
	const values = new Map(
		linearSpecs(config).map(({ name, shape: [out, into] }): [string, QuantizedWeight] => {
			const integers: Value = graph.input(integersName(name), "int8", [into!, out!]);
			return [name, { integers, scales: graph.input(scalesName(name), "float32", [out!]) }];
		}),
	);
	return (name) => values.get(config.tieEmbeddings && name === EMBEDDING ? HEAD : name)!;
}

/**
 * A model's weights one by one as {@link declareInt8Weights} names them. The embedding stays in float32 as well, for it is
 * looked up, not multiplied with; where it is the output projection too, that is a rounded copy of it.
 */
export function* int8Weights(
	weights: Iterable<readonly [string, Float32Array]>,
	config: LlamaConfig,
): Generator<[string, ArrayBufferView]> {
	const specs = new Map(linearSpecs(config).map((spec) => [spec.name, spec]));
	for (const [name, data] of weights) {
		const spec = specs.get(config.tieEmbeddings && name === EMBEDDING ? HEAD : name);
		if (name === EMBEDDING || spec === undefined) yield [name, data];
		if (spec === undefined) continue;
		const [rows, columns] = spec.shape as [number, number];
		const { integers, scales } = quantizeRows(data, rows, columns);
		yield [integersName(spec.name), integers];
		yield [scalesName(spec.name), scales];
	}
}

function integersName(weight: string): string {
	return `${weight}.int8`;
}

function scalesName(weight: string): string {
	return `${weight}.scale`;
}
