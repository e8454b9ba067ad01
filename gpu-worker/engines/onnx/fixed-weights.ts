import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { WeightFiles } from "../../formats/weight-files.ts";
import type { LlamaConfig } from "../../model/config.ts";
import { checkWeightValues, readMergedModel } from "../../model/folder.ts";
import { parameterSpecs } from "../../model/parameters.ts";
import type { FixedWeights } from "./session.ts";

const EMBEDDING = "model.embed_tokens.weight";

/**
 * The weights of a policy folder for a session that keeps them. float32 weights without an adapter are mapped from their
 * files, so that they take memory once; others are converted or merged in memory first.
 *
 * @throws DnoError naming file and tensor, as `readModel`
 */
export function openFixedWeights(modelDir: string, config: LlamaConfig): FixedWeights {
	const specs = parameterSpecs({ ...config, tieEmbeddings: false });
	const sourceOf = (name: string) => (config.tieEmbeddings && name === "lm_head.weight" ? EMBEDDING : name);
	const isMapped = config.dtype === "float32" && !existsSync(join(modelDir, "adapter_config.json"));
	if (isMapped) {
		using files = new WeightFiles(modelDir);
		checkWeightValues(files, config);
		const entries = specs.map(({ name }) => [name, files.locate(sourceOf(name))] as const);
		if (entries.every(([, { dtype }]) => dtype === "F32")) {
			const tensors = entries.map(([name, { path, offset, length }]) => {
				// Paths are relative to the root: onnxruntime refuses links that lead out of the folder of external data.
				return [name, { location: realpathSync(path).slice(1), offset, length }] as const;
			});
			return { tensors: new Map(tensors), buffers: new Map() };
		}
	}
	const { weights } = readMergedModel(modelDir);
	const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) =>
		new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
	const buffers = new Map([...weights].map(([name, data]) => [name, bytes(data)]));
	const tensors = specs.map(({ name }) => {
		const location = sourceOf(name);
		return [name, { location, offset: 0, length: buffers.get(location)!.length }] as const;
	});
	return { tensors: new Map(tensors), buffers };
}
