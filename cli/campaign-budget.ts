import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The budget that the config of the campaign in a folder sets; undefined where it sets none, or no campaign has begun. */
export async function budgetIn(directory: string): Promise<number | undefined> {
	const text = await readFile(join(directory, "campaign.json"), "utf8").catch(() => undefined);
	if (text === undefined) return undefined;
	const { config } = JSON.parse(text) as { config?: { oracle?: { budget?: number } } };
	return config?.oracle?.budget;
}
