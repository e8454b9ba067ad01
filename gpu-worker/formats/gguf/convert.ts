import { join } from "node:path";
import { writeFlushed } from "../../../activities/store/atomic-write.ts";
import { writeSafetensorsStream } from "../write-safetensors-stream.ts";
import { configOfGguf, tokenIds } from "./config.ts";
import { readMetadata } from "./metadata.ts";
import { openGguf } from "./read.ts";
import { tokenizerOfGguf } from "./tokenizer.ts";
import { convertWeights } from "./weights.ts";

/**
 * Writes a GGUF file's model as the files of a Hugging Face folder: config.json, model.safetensors, tokenizer.json,
 * tokenizer_config.json, generation_config.json and, where the file has one, chat_template.jinja. Of the weights, one tensor
 * at a time is in memory.
 *
 * @param dir a folder that is being made; see `replaceAtomically`
 * @throws DnoError naming file and tensor, or file and key, for what is damaged or not supported
 */
export async function convertGguf(
	path: string,
	dir: string,
	onWritten?: (bytes: number, total: number) => void,
): Promise<void> {
	const file = await openGguf(path);
	try {
		const { dtype, tensors } = convertWeights(file);
		const config = await configOfGguf(file, dtype);
		const { tokenizer, tokenizerConfig, chatTemplate } = tokenizerOfGguf(file);
		const write = (name: string, content: unknown, indent?: string) =>
			writeFlushed(
				join(dir, name),
				typeof content === "string" ? content : `${JSON.stringify(content, null, indent)}\n`,
			);
		await write("config.json", config, "  ");
		await write("generation_config.json", tokenIds(readMetadata(file)), "  ");
		await write("tokenizer.json", tokenizer);
		await write("tokenizer_config.json", tokenizerConfig, "  ");
		if (chatTemplate !== undefined) await write("chat_template.jinja", chatTemplate);
		await writeSafetensorsStream(join(dir, "model.safetensors"), tensors, onWritten);
	} finally {
		await file.close();
	}
}
