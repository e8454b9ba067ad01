import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Store } from "../../activities/store/store.ts";
import { DnoError } from "../../core/errors.ts";
import { existingParent } from "./existing-parent.ts";
import { type Finding, wrong } from "./finding.ts";

const TEXT = "dno doctor was here\n";

/**
 * Writes a few bytes to a store and reads them back. Where a folder's store has not begun, its place is tried with a temporary
 * folder, so that the doctor leaves none behind.
 *
 * @param location a folder, or what else `open` takes
 */
export async function checkStore(location: string, open: (location: string) => Store): Promise<Finding> {
	const check = "store";
	try {
		const isFolder = !/^\w+:\/\//.test(location);
		const place = isFolder ? await existingParent(location) : location;
		if (isFolder && place !== location) {
			const trial = await mkdtemp(join(place, ".dno-doctor-"));
			try {
				await roundTrip(open(trial));
			} finally {
				await rm(trial, { recursive: true, force: true });
			}
			return { check, state: "ok", found: `${location} can be made` };
		}
		await roundTrip(open(location));
		return { check, state: "ok", found: `${location} is written and read` };
	} catch (error) {
		return errorOf(check, location, error);
	}
}

/** The same bytes every time, which are one artifact; `dno gc` takes it away. */
async function roundTrip(store: Store): Promise<void> {
	const ref = await store.put(TEXT, { step: "doctor", inputs: {} });
	const read = new TextDecoder().decode(await store.get(ref));
	if (read !== TEXT) throw new DnoError({ what: "the store gives back other bytes than were written", got: read });
}

function errorOf(check: string, location: string, error: unknown): Finding {
	const { code } = error as NodeJS.ErrnoException;
	if (code !== "EACCES" && code !== "EROFS" && code !== "EPERM") return wrong(check, error);
	const found = `${location} cannot be written (${code})`;
	return { check, state: "wrong", found, mend: "Give this user the right to, or name another with --workspace" };
}
