import { sftData } from "./sft-data.ts";

/** The seed of the data is fixed: a campaign's seed changes the weights and their training, not what there is to learn from. */
const SEED = 1;

/** What the initial policy learns from: as many answers of the fallible teacher as drills in plain arithmetic. */
export default function demonstrations() {
	return sftData(SEED, { demonstrations: 48_000, drills: 48_000 });
}
