import type { Graph } from "../graph/graph.ts";
import type { QuantizedWeight } from "../graph/ops/quantized-linear.ts";
import type { LlamaConfig } from "./config.ts";
import { EMBEDDING, type ParameterSpec, parameterSpecs } from "./parameters.ts";

/** Weights that share a scale: fewer follow the weights more closely, and take more scales. */
const BLOCK_SIZE = 32;
/** Largest integer, and the one that stands for zero. */
const LARGEST = 127;
const ZERO_POINT = 128;

/** A weight matrix [out, in] in 8 bits. */
export interface Int8Matrix {
	/** [out, blocks, BLOCK_SIZE], in 1 … 255. */
	readonly integers: Uint8Array;
	/** [out, blocks]. */
	readonly scales: Float32Array;
}

/**
 * Rounds a weight to 8 bits, symmetrically, in blocks of a row: scale = max|w|/127 over the block, integer = 128 + w/scale
 * rounded to the nearest (in a block of zeros, scale 0 and integer 128). So |w − (integer − 128)·scale| ≤ scale/2, up to
 * float32's own rounding. Where `columns` is no multiple of the block size, rows are filled up with zeros.
 *
 * @param weight [rows, columns]
 */
export function quantizeBlocks(weight: Float32Array, rows: number, columns: number): Int8Matrix {
	const blocks = Math.ceil(columns / BLOCK_SIZE);
	const integers = new Uint8Array(rows * blocks * BLOCK_SIZE).fill(ZERO_POINT);
	const scales = new Float32Array(rows * blocks);
	for (let block = 0; block < rows * blocks; block++) {
		const row = Math.floor(block / blocks);
		const from = row * columns + (block % blocks) * BLOCK_SIZE;
		const end = Math.min(from + BLOCK_SIZE, (row + 1) * columns);
		let largest = 0;
		for (let i = from; i < end; i++) {
			const size = Math.abs(weight[i]!);
			if (size > largest) largest = size;
		}
		scales[block] = largest / LARGEST;
		const scale = scales[block]!;
		if (scale === 0) continue;
		const shift = block * BLOCK_SIZE - from;
		for (let i = from; i < end; i++) integers[i + shift] = ZERO_POINT + Math.round(weight[i]! / scale);
	}
	return { integers, scales };
}

const HEAD = "lm_head.weight";

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
			const blocks = Math.ceil(into! / BLOCK_SIZE);
			const integers = graph.input(integersName(name), "uint8", [out!, blocks, BLOCK_SIZE]);
			return [name, { integers, scales: graph.input(scalesName(name), "float32", [out!, blocks]) }];
		}),
	);
	return (name) => values.get(config.tieEmbeddings && name === EMBEDDING ? HEAD : name)!;
}

/** A decoding graph's weights one by one as {@link declareInt8Weights} names them. */
export function* int8Weights(
	weights: Iterable<readonly [string, Float32Array]>,
	config: LlamaConfig,
): Generator<[string, ArrayBufferView]> {
	const specs = new Map(linearSpecs(config).map((spec) => [spec.name, spec]));
	for (const [name, data] of weights) {
		const spec = specs.get(config.tieEmbeddings && name === EMBEDDING ? HEAD : name);
		if (spec === undefined) {
			yield [name, data];
			continue;
		}
		const [rows, columns] = spec.shape as [number, number];
		const { integers, scales } = quantizeBlocks(data, rows, columns);
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
