import { randomUUID } from "node:crypto";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SecretsManager, startSecretsManager } from "../../test/lambda/secrets-manager.ts";
import { createSecretSource, TTL_MS } from "./secrets.ts";

const KEY = `planted-${randomUUID()}`;
const ID = "dno/judges";

let server: SecretsManager;
let now = 0;
let stale: string[] = [];

beforeEach(async () => {
	server = await startSecretsManager();
	now = 0;
	stale = [];
});
afterEach(() => server[Symbol.asyncDispose]());

function source() {
	const client = new SecretsManagerClient({
		...{ endpoint: server.url, region: "eu-central-1", maxAttempts: 1 },
		credentials: { accessKeyId: "test", secretAccessKey: "test" },
	});
	return createSecretSource({ id: ID, client, now: () => now, onStale: (reason) => stale.push(reason) });
}

function keep(version: string, value: unknown): void {
	server.secrets.set(ID, { version, value: typeof value === "string" ? value : JSON.stringify(value) });
}

test("a secret is asked for once and kept, until it is old", async () => {
	keep("1", { JUDGE_KEY: KEY });
	const secrets = source();
	const first = await secrets.current();
	expect(first).toEqual({ JUDGE_KEY: KEY });
	now = TTL_MS - 1;
	expect(await secrets.current()).toBe(first);
	expect(server.asked).toEqual([ID]);
	now = TTL_MS;
	expect(await secrets.current()).toBe(first);
	expect(server.asked).toEqual([ID, ID]);
});

test("an exchanged key is had when the old one's time is over", async () => {
	keep("1", { JUDGE_KEY: "old" });
	const secrets = source();
	expect(await secrets.current()).toEqual({ JUDGE_KEY: "old" });
	keep("2", { JUDGE_KEY: KEY });
	expect(await secrets.current()).toEqual({ JUDGE_KEY: "old" });
	now = TTL_MS;
	expect(await secrets.current()).toEqual({ JUDGE_KEY: KEY });
});

test("a service that is out of reach for a while stops nobody who has the secret", async () => {
	keep("1", { JUDGE_KEY: KEY });
	const secrets = source();
	const first = await secrets.current();
	server.failing = { status: 500, type: "InternalServiceError", message: `about ${KEY}` };
	now = TTL_MS;
	expect(await secrets.current()).toBe(first);
	expect(stale).toEqual([expect.stringContaining("InternalServiceError")]);
	expect(stale.join()).not.toContain(KEY);
	server.failing = undefined;
	keep("2", { JUDGE_KEY: "new" });
	expect(await secrets.current()).toEqual({ JUDGE_KEY: "new" });
});

test.each([
	["no JSON", `{"JUDGE_KEY": "${KEY}`],
	["no object", `"${KEY}"`],
	["a value that is no text", { JUDGE_KEY: [KEY] }],
	["a name that no variable has", { [`judge key ${KEY}`]: "x" }],
])("%s is refused, and its text is not told", async (_, value) => {
	keep("1", value);
	const error = await source()
		.current()
		.catch((e: Error) => e);
	expect(error).toMatchObject({ name: "DnoError", details: { where: "DNO_SECRET_ID", got: ID } });
	expect(`${(error as Error).message} ${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain(KEY);
});

test("a secret that is not there is named, with what the role needs", async () => {
	await expect(source().current()).rejects.toThrow(/ResourceNotFoundException.*dno\/judges.*GetSecretValue/);
});
