import { readMetadata } from "../../gpu-worker/formats/gguf/metadata.ts";
import { openGguf } from "../../gpu-worker/formats/gguf/read.ts";
import type { ModelOrigin } from "../../gpu-worker/model/origin.ts";

/** Kinds that weights are kept in, not rounded to. */
const FLOATS: ReadonlySet<string> = new Set(["F32", "F16", "BF16"]);
/** The hub's identifiers of licences; it refuses cards with others, such as SPDX expressions. */
const LICENSE_ID = /^[a-z0-9][a-z0-9.+-]*$/;

/**
 * What a GGUF file says of itself: the kinds of its blocks, and `general.license`.
 *
 * @throws DnoError where it cannot be read
 */
export async function originOfGguf(path: string): Promise<Omit<ModelOrigin, "source">> {
	const file = await openGguf(path);
	try {
		const kinds = new Set([...file.tensors.values()].map(({ quantization }) => quantization.name));
		const rounded = [...kinds].filter((name) => !FLOATS.has(name)).toSorted();
		const license = readMetadata(file).optionalText("general.license")?.toLowerCase();
		return {
			...(rounded.length > 0 && { roundedTo: rounded.join(", ") }),
			...(license !== undefined && LICENSE_ID.test(license) && { license }),
		};
	} finally {
		await file.close();
	}
}
