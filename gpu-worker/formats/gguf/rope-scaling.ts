import { DnoError } from "../../../core/errors.ts";
import { readMetadata } from "./metadata.ts";
import type { GgufFile } from "./read.ts";

/** The tensor in which GGUF keeps Llama 3's scaling: by what each rotary frequency is divided. */
export const ROPE_FREQUENCIES = "rope_freqs.weight";
/** What Llama 3.1 and its successors share; only `factor` differs between them. */
const LLAMA3 = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 } as const;
const TOLERANCE = 1e-3;

interface Rotary {
	readonly headDim: number;
	readonly ropeTheta: number;
}

/**
 * `rope_scaling` as config.json has it; undefined where there is none.
 *
 * @throws DnoError for a kind that config.json could not name, or frequencies that are not those of Llama 3
 */
export async function readRopeScaling(
	file: GgufFile,
	architecture: string,
	rotary: Rotary,
): Promise<Record<string, unknown> | undefined> {
	const divisors = await readDivisors(file);
	if (divisors !== undefined) return llama3Scaling(divisors, rotary, file.path);
	const metadata = readMetadata(file);
	const key = `${architecture}.rope.scaling`;
	const kind = metadata.optionalText(`${key}.type`) ?? "none";
	if (kind === "none") return undefined;
	if (kind !== "linear" && kind !== "yarn") {
		throw new DnoError({ what: `unsupported ${key}.type`, where: file.path, got: kind, mend: "Use another model" });
	}
	const original = metadata.optionalNumber(`${key}.original_context_length`);
	return {
		rope_type: kind,
		factor: metadata.number(`${key}.factor`),
		...(original !== undefined && { original_max_position_embeddings: original }),
	};
}

async function readDivisors(file: GgufFile): Promise<Float32Array | undefined> {
	const tensor = file.tensors.get(ROPE_FREQUENCIES);
	if (tensor === undefined) return undefined;
	const divisors = new Float32Array(tensor.size);
	tensor.quantization.dequantize(await file.read(tensor), divisors);
	return divisors;
}

/** Finds the factor that Llama 3's scaling must have had; the lowest frequency is divided by all of it. */
function llama3Scaling(divisors: Float32Array, rotary: Rotary, where: string): Record<string, unknown> {
	const factor = Math.fround(divisors.at(-1)!);
	const isLlama3 =
		divisors.length === rotary.headDim / 2 &&
		divisors.every((divisor, i) => Math.abs(divisor / llama3Divisor(i, factor, rotary) - 1) < TOLERANCE);
	if (isLlama3) return { rope_type: "llama3", factor, ...LLAMA3 };
	const what = `tensor ${ROPE_FREQUENCIES} holds another scaling than Llama 3's`;
	throw new DnoError({
		what,
		where,
		got: [...divisors.subarray(0, 4)],
		mend: "Import the model from its Hugging Face folder",
	});
}

/**
 * Short waves stay, long ones are stretched by the factor, those between by something between (Llama 3.1's
 * `apply_scaling`).
 */
function llama3Divisor(i: number, factor: number, { headDim, ropeTheta }: Rotary): number {
	const { low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: length } = LLAMA3;
	const wavelength = 2 * Math.PI * ropeTheta ** ((2 * i) / headDim);
	if (wavelength < length / high) return 1;
	if (wavelength > length / low) return factor;
	const smooth = (length / wavelength - low) / (high - low);
	return 1 / ((1 - smooth) / factor + smooth);
}
