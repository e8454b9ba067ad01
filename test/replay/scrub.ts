import { hostname } from "node:os";
import { type JsonHistory, mapTexts } from "./json-history.ts";

// Only where Temporal and the workers put it: a short host name is also part of other words.
const HOST = new RegExp(`(?<=[@-])${hostname().replaceAll(".", "\\.")}(?![A-Za-z0-9])`, "g");

/** Takes the machine and the process out of a history: they name task queues, sticky queues and identities. */
export function scrub(history: JsonHistory): JsonHistory {
	return mapTexts(history, (text) => text.replaceAll(HOST, "host").replaceAll(/\d+@host/g, "1@host")) as JsonHistory;
}
