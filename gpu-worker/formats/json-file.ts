import { readFileSync } from "node:fs";
import { DnoError } from "../../core/errors.ts";

/** Reads and parses a JSON file; @throws DnoError where it is missing or not JSON. */
export function readJsonFile(path: string): unknown {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (cause) {
		const got = (cause as NodeJS.ErrnoException).code;
		throw new DnoError({
			what: "the file cannot be read",
			where: path,
			got,
			mend: "Give a Hugging Face folder",
			cause,
		});
	}
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw new DnoError({ what: "the file is not JSON", where: path, got: text.slice(0, 40), cause });
	}
}
