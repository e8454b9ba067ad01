import { DnoError } from "../../../core/errors.ts";
import type { StreamedTensor } from "../write-safetensors-stream.ts";
import { architectureOf } from "./config.ts";
import { readMetadata } from "./metadata.ts";
import type { GgufFile, GgufTensor } from "./read.ts";
import { ROPE_FREQUENCIES } from "./rope-scaling.ts";
import { checkpointName, permutedHeads, unpermuteRows } from "./tensor-names.ts";

const TORCH_DTYPES = { F32: "float32", F16: "float16", BF16: "bfloat16" } as const;

/** What a GGUF file's weights become. */
export interface ConvertedWeights {
	/** In torch's words, for config.json. */
	readonly dtype: string;
	readonly tensors: readonly StreamedTensor[];
}

/**
 * A GGUF file's weights with the names, shapes and row order of a Hugging Face checkpoint. They become float32, but stay as
 * they are where all matrices are F16, or all BF16: nothing is lost either way.
 *
 * @throws DnoError naming file and tensor for one that no checkpoint has, one whose rows are not those of its heads and, as
 * its turn comes, one that holds NaN or infinity
 */
export function convertWeights(file: GgufFile): ConvertedWeights {
	const architecture = architectureOf(file);
	const metadata = readMetadata(file);
	const heads = metadata.number(`${architecture}.attention.head_count`);
	const kvHeads = metadata.optionalNumber(`${architecture}.attention.head_count_kv`) ?? heads;
	const matrices = [...file.tensors.values()].filter(({ shape }) => shape.length > 1);
	const kinds = new Set(matrices.map(({ quantization }) => quantization.name));
	const [only] = kinds;
	const kept = kinds.size === 1 && (only === "F16" || only === "BF16") ? only : "F32";
	const tensors = [...file.tensors.values()]
		.filter(({ name }) => name !== ROPE_FREQUENCIES)
		.map((tensor): StreamedTensor => {
			const name = checkpointName(tensor.name);
			const fail = (what: string, got?: unknown) =>
				new DnoError({ what: `tensor ${tensor.name} ${what}`, where: file.path, got, mend: "Use another model" });
			if (name === undefined) throw fail("is none that this architecture has", architecture);
			const permuted = permutedHeads(architecture, tensor.name, { heads, kvHeads });
			const rows = tensor.shape[0]!;
			if (permuted !== undefined && rows % (2 * permuted) !== 0) throw fail(`does not have ${permuted} heads`, rows);
			const dtype = tensor.quantization.name === kept ? kept : "F32";
			return {
				name,
				dtype,
				shape: tensor.shape,
				async bytes() {
					const blocks = await file.read(tensor);
					const weights = dequantize(tensor, blocks);
					if (!weights.every(Number.isFinite)) throw fail("holds NaN or infinity");
					const bytes = dtype === "F32" ? new Uint8Array(weights.buffer) : blocks;
					return permuted === undefined ? bytes : unpermuteRows(bytes, rows, permuted);
				},
			};
		});
	return { dtype: TORCH_DTYPES[kept], tensors };
}

function dequantize({ size, quantization }: GgufTensor, blocks: Uint8Array): Float32Array {
	const weights = new Float32Array(size);
	quantization.dequantize(blocks, weights);
	return weights;
}
