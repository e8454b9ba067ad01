import { dirname, join } from "node:path";

/** The ledger of a campaign, in its own folder. */
export function ledgerFile(directory: string): string {
	return join(directory, "ledger.jsonl");
}

/** The verdict store: beside the campaign's folder, so that the campaigns of one `runs/` find each other's verdicts. */
export function verdictsFolder(directory: string): string {
	return join(dirname(directory), "verdicts");
}
