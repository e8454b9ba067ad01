import { DnoError } from "../../core/errors.ts";
import { inParallel } from "../store/in-parallel.ts";
import type { StoreFiles } from "../store/store-files.ts";
import { type Journal, operationIn } from "./journal.ts";

/** A journal that machines share: a numbered file an operation, each written only if none of its number is there. */
export function createBucketJournal(files: StoreFiles): Journal {
	const names = async () => {
		const found: string[] = [];
		for await (const { name } of files.list("")) found.push(name);
		return found;
	};
	const textOf = async (name: string) => new TextDecoder().decode(await files.read(name));
	return {
		async append(entry) {
			const text = JSON.stringify(entry);
			for (let number = (await names()).length + 1; ; number++) {
				const name = nameOf(number);
				// It may be there because the answer to its own writing was lost.
				if ((await files.writeFirst(name, text)) || (await textOf(name)) === text) return;
			}
		},
		async read() {
			return await inParallel(await names(), async (name) => {
				const where = files.pathOf(name);
				return operationIn(parse(await textOf(name), where), where);
			});
		},
	};
}

/** In the order of their numbers when ordered by name. */
function nameOf(number: number): string {
	return `${String(number).padStart(8, "0")}.json`;
}

function parse(text: string, where: string): unknown {
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw new DnoError({ what: "not JSON", where, got: text, mend: "Remove it to undo the operation", cause });
	}
}
