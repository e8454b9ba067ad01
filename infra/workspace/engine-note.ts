import { openFiles } from "./open-store.ts";

/** Below a store. */
export const ENGINES = "engines";

function nameOf(id: string): string {
	return `${ENGINES}/${id}.txt`;
}

/**
 * Notes in a campaign's store which engine computes for it, for who writes its report: only GPU hosts have one, and know what
 * it is.
 *
 * @param id the campaign's
 */
export async function noteEngine(store: string, id: string, fingerprint: string): Promise<void> {
	if ((await notedEngine(store, id)) !== fingerprint) await openFiles(store).write(nameOf(id), `${fingerprint}\n`);
}

/** The engine that computes for a campaign, the last one where there are several; undefined before any has. */
export async function notedEngine(store: string, id: string): Promise<string | undefined> {
	const bytes = await openFiles(store).read(nameOf(id));
	return bytes && new TextDecoder().decode(bytes).trim();
}
