import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../activities/store/atomic-write.ts";
import { cacheFolder } from "../infra/temporal-server/cache-folder.ts";

const timings = z.record(z.string(), z.object({ seconds: z.number().positive(), rough: z.number().positive() }));
type Timings = z.infer<typeof timings>;

function timingsFile(): string {
	return join(cacheFolder(process.env), "timings.json");
}

/** Nothing that is remembered for convenience may stop a campaign: a damaged file counts as none. */
async function readTimings(): Promise<Timings> {
	try {
		return timings.parse(JSON.parse(await readFile(timingsFile(), "utf8")));
	} catch {
		return {};
	}
}

/**
 * Seconds that a campaign will take: what the last campaign of this name took on this machine, scaled by how the two compare
 * by rough estimate; the rough estimate itself where none has been run.
 */
export async function expectedSeconds(name: string, rough: number): Promise<number> {
	const last = (await readTimings())[name];
	return Math.max(1, Math.round(last === undefined ? rough : (last.seconds * rough) / last.rough));
}

/** Remembers how long an undisturbed campaign took. */
export async function rememberSeconds(name: string, rough: number, seconds: number): Promise<void> {
	try {
		const known = await readTimings();
		await mkdir(dirname(timingsFile()), { recursive: true });
		await writeFileAtomic(timingsFile(), `${JSON.stringify({ ...known, [name]: { seconds, rough } })}\n`);
	} catch {
		// The next run guesses again.
	}
}
