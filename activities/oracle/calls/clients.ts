import type { ModelJudgeConfig } from "../../../core/oracle-config.ts";
import { hashJson } from "../../store/hash-json.ts";
import { createJudgeClient, type JudgeClient } from "./client.ts";

/** Clients kept: a worker asks a few judges, but may outlive many campaigns. */
const KEPT = 16;

/** One client a judge, so that its connections are kept open. */
export function createClients({
	environment,
	fetch,
}: {
	readonly environment?: Readonly<Record<string, string | undefined>>;
	readonly fetch?: typeof globalThis.fetch;
}): (settings: ModelJudgeConfig) => JudgeClient {
	const clients = new Map<string, JudgeClient>();
	/** Of settings that have been asked for before, which those of most calls have. */
	const keys = new WeakMap<ModelJudgeConfig, string>();
	return (settings) => {
		const key = keys.get(settings) ?? hashJson(settings);
		keys.set(settings, key);
		const client = clients.get(key) ?? createJudgeClient(settings, environment, fetch);
		clients.delete(key);
		clients.set(key, client);
		if (clients.size > KEPT) clients.delete(clients.keys().next().value!);
		return client;
	};
}
