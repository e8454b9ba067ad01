import { posix } from "node:path";
import { DnoError } from "../../../core/errors.ts";
import type { Checked, Problem } from "../../store/check-store.ts";
import { inParallel } from "../../store/in-parallel.ts";
import type { StoreFiles } from "../../store/store-files.ts";
import { parseStoredReply } from "./stored-verdicts.ts";

const NAME = /^[0-9a-f]{64}\.json$/;
const { basename } = posix;

/**
 * Reads all of a verdict store.
 *
 * @param repair moves what is damaged to `damaged/` in it: its question is then asked, and paid for, again
 */
export async function checkVerdicts(store: StoreFiles, repair: boolean): Promise<Checked> {
	const found: { readonly name: string; readonly bytes: number }[] = [];
	for await (const file of store.list(""))
		if (NAME.test(basename(file.name)) && !file.name.startsWith("damaged/")) found.push(file);
	const problems = await inParallel(found, async ({ name }): Promise<Problem[]> => {
		const [path, text] = [store.pathOf(name), await store.read(name)];
		if (text === undefined) return [];
		try {
			parseStoredReply(path, basename(name, ".json"), new TextDecoder().decode(text));
			return [];
		} catch (error) {
			if (!(error instanceof DnoError)) throw error;
			const movedTo = repair ? await store.setAside(name) : undefined;
			return [{ path, what: error.details.what, ...(movedTo !== undefined && { movedTo }) }];
		}
	});
	return { files: found.length, bytes: found.reduce((sum, { bytes }) => sum + bytes, 0), problems: problems.flat() };
}
