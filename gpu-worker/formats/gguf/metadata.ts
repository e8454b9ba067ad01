import { DnoError } from "../../../core/errors.ts";
import type { GgufFile } from "./read.ts";

/** Reads metadata by key with their types checked; errors name file and key. */
export interface MetadataReader {
	/** A finite number; @throws DnoError where it is missing or something else. */
	number(key: string): number;
	optionalNumber(key: string): number | undefined;
	optionalText(key: string): string | undefined;
	flag(key: string): boolean;
	/** A list of texts; @throws DnoError where it is missing or something else. */
	texts(key: string): readonly string[];
	optionalNumbers(key: string): readonly number[] | undefined;
}

export function readMetadata({ path, metadata }: Pick<GgufFile, "path" | "metadata">): MetadataReader {
	const bad = (key: string, what: string) =>
		new DnoError({ what: `${key} is not ${what}`, where: path, got: plain(metadata[key]) });
	const optionalNumber = (key: string) => {
		if (metadata[key] === undefined) return undefined;
		const value = plain(metadata[key]);
		if (typeof value === "number" && Number.isFinite(value)) return value;
		throw bad(key, "a number");
	};
	return {
		optionalNumber,
		number(key) {
			const value = optionalNumber(key);
			if (value === undefined)
				throw new DnoError({ what: `${key} is missing`, where: path, mend: "Make the file again" });
			return value;
		},
		optionalText(key) {
			const value = metadata[key];
			if (value === undefined || typeof value === "string") return value;
			throw bad(key, "a text");
		},
		flag: (key) => metadata[key] === true,
		texts(key) {
			const value = metadata[key];
			if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
			throw bad(key, "a list of texts");
		},
		optionalNumbers(key) {
			const value = metadata[key];
			if (value === undefined) return undefined;
			if (Array.isArray(value) && value.every((each) => typeof each === "number")) return value;
			throw bad(key, "a list of numbers");
		},
	};
}

/** Sizes are written with 32 or 64 bits; the latter come as bigints, which JSON does not know. */
function plain(value: unknown): unknown {
	return typeof value === "bigint" ? Number(value) : value;
}
