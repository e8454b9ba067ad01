import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ledgerEntry } from "../../../core/ledger-entry.ts";
import { writeFileAtomic } from "../../store/atomic-write.ts";
import type { Checked } from "../../store/check-store.ts";

/**
 * Reads all of a ledger. A line that is no entry was torn by a kill, and counts for nothing, or is damaged.
 *
 * @param repair takes such lines out, and appends them to `damaged/ledger.jsonl` beside it; only while nobody writes
 */
export async function checkLedger(path: string, repair: boolean): Promise<Checked> {
	const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return undefined;
		throw error;
	});
	if (text === undefined) return { files: 0, bytes: 0, problems: [] };
	const lines = text.split("\n").map((line, i) => ({ line, number: i + 1, isRight: line === "" || isEntry(line) }));
	const wrong = lines.filter(({ isRight }) => !isRight);
	const aside = join(dirname(path), "damaged", "ledger.jsonl");
	if (repair && wrong.length > 0) {
		await mkdir(dirname(aside), { recursive: true });
		await appendFile(aside, wrong.map(({ line }) => `${line}\n`).join(""));
		const right = lines.filter(({ isRight }) => isRight);
		await writeFileAtomic(path, right.map(({ line }) => line).join("\n"));
	}
	const problems = wrong.map(({ number }) => ({
		path: `${path}:${number}`,
		what: "a line of the ledger is no entry: a kill tore it, or it is damaged",
		...(repair && { movedTo: aside }),
	}));
	return { files: 1, bytes: Buffer.byteLength(text), problems };
}

function isEntry(line: string): boolean {
	try {
		return ledgerEntry.safeParse(JSON.parse(line)).success;
	} catch {
		return false;
	}
}
