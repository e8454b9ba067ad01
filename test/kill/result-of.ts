import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pair } from "../../core/records.ts";
import { readReport } from "../integration/run-dno.ts";

/** What has to be the same, byte by byte, however often a campaign was killed. */
export interface Result {
	readonly lines: unknown;
	/** sha256 of every artifact of pairs, sorted. */
	readonly pairs: readonly string[];
	/** sha256 of every policy's weights, by its folder's name. */
	readonly weights: Readonly<Record<string, string>>;
}

/** @param store the folder of the campaign's store, which holds no other campaign */
export function resultOf(directory: string, store: string): Result {
	const policies = join(directory, "policies");
	const names = readdirSync(policies).filter((name) => !name.endsWith(".tmp"));
	return {
		lines: readReport(directory).lines,
		pairs: pairArtifacts(store),
		weights: Object.fromEntries(names.sort().map((name) => [name, hash(join(policies, name, "model.safetensors"))])),
	};
}

function pairArtifacts(store: string): string[] {
	const objects = join(store, "objects");
	const files = readdirSync(objects, { recursive: true, encoding: "utf8" }).filter((name) =>
		/[0-9a-f]{64}$/.test(name),
	);
	return files
		.filter((name) => isPairs(readFileSync(join(objects, name), "utf8")))
		.map((name) => hash(join(objects, name)))
		.sort();
}

function isPairs(text: string): boolean {
	const [first = ""] = text.split("\n", 1);
	return first.includes('"chosenWinRate"') && pair.safeParse(JSON.parse(first)).success;
}

function hash(file: string): string {
	return createHash("sha256").update(readFileSync(file)).digest("hex");
}
