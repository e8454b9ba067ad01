import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DnoError } from "../core/errors.ts";

/**
 * The budget that the config of the campaign in a folder sets; undefined where it sets none.
 *
 * @throws {DnoError} No campaign has begun there.
 */
export async function budgetIn(directory: string): Promise<number | undefined> {
	const file = join(directory, "campaign.json");
	const text = await readFile(file, "utf8").catch((cause) => {
		throw new DnoError({
			what: "no campaign has begun here",
			where: directory,
			mend: "Name the folder of one, e.g. runs/my-campaign",
			kind: "usage",
			cause,
		});
	});
	const { config } = JSON.parse(text) as { config?: { oracle?: { budget?: number } } };
	return config?.oracle?.budget;
}
