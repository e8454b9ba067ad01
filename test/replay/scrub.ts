import { hostname } from "node:os";
import { type JsonHistory, mapTexts } from "./json-history.ts";

// Only where Temporal and the workers put it: a short host name is also part of other words.
const HOST = new RegExp(`(?<=[@-])${hostname().replaceAll(".", "\\.")}(?![A-Za-z0-9])`, "g");

/** Takes the machine, the process and its files out of a history: they name task queues, sticky queues and identities. */
export function scrub(history: JsonHistory): JsonHistory {
	const clean = (text: string) =>
		text
			.replaceAll(HOST, "host")
			.replaceAll(/\d+@host/g, "1@host")
			// Failures carry the stack of the file that threw.
			.replaceAll(/\n\s+at [^\n]*/g, "");
	return mapTexts(history, clean) as JsonHistory;
}
