import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { DnoError } from "../../core/errors.ts";
import { type Operation, operation } from "../../core/operations.ts";

/** What operators did to a campaign. */
export interface Journal {
	/** Adds an operation; it is there when this resolves. */
	append(entry: Operation): Promise<void>;
	/**
	 * All operations, oldest first; none where there is no journal.
	 *
	 * @throws DnoError where one is damaged or of another version
	 */
	read(): Promise<Operation[]>;
}

/** A journal in a file, a line an operation. One that a killed process left half-written was not acted upon, and is left out. */
export function createFileJournal(file: string): Journal {
	return {
		async append(entry) {
			await mkdir(dirname(file), { recursive: true });
			// The newline comes first: behind a line that a killed process left half-written, the entry still has its own.
			await appendFile(file, `\n${JSON.stringify(entry)}`, { flush: true });
		},
		async read() {
			const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
				if (error.code === "ENOENT") return "";
				throw error;
			});
			return text.split("\n").flatMap((line, index) => {
				const value = parse(line);
				return value === undefined ? [] : [operationIn(value, `${file}:${index + 1}`)];
			});
		},
	};
}

/** @throws DnoError where a value is no operation */
export function operationIn(value: unknown, where: string): Operation {
	const parsed = operation.safeParse(value);
	if (parsed.success) return parsed.data;
	throw new DnoError({
		what: "not an operation of this version of dno",
		where,
		got: JSON.stringify(value),
		mend: "Use the version that wrote it, or remove it to undo the operation",
	});
}

function parse(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch {
		return undefined;
	}
}
