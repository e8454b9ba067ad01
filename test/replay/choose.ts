import { type JsonHistory, origin } from "./json-history.ts";

/** Every run of the campaign, and of each type of child the longest history: it takes the most turns of the code. */
export function choose(histories: readonly JsonHistory[]): Map<string, JsonHistory> {
	const chosen = new Map<string, JsonHistory>();
	let runs = 0;
	for (const history of histories) {
		const { type } = origin(history);
		const name = type === "campaign" ? `campaign-${++runs}` : type;
		if (history.events.length > (chosen.get(name)?.events.length ?? 0)) chosen.set(name, history);
	}
	return chosen;
}
